#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "nn/adapter_options.h"
#include "schema/field.h"
#include "train/train_options.h"

namespace eft {

/// All options of a run: the option structs of the layers, composed. In YAML they are one flat mapping, as in Axolotl.
struct RunConfig {
  std::filesystem::path base_model;
  std::filesystem::path tokenizer_config;  ///< folder of another tokenizer; empty: base_model
  AdapterOptions adapter;
  DataOptions data;
  TrainOptions train;
};

template <class Visitor>
void describe(Visitor&& field, RunConfig& o) {
  field({"base_model", "Folder of the Hugging Face checkpoint to train.", true}, o.base_model);
  field({"tokenizer_config", "Folder of the tokenizer, when it is not the checkpoint's."}, o.tokenizer_config);
  describe(field, o.adapter);
  describe(field, o.data);
  describe(field, o.train);
}

/// What the user should be told about a configuration that is accepted: one line each.
using Notes = std::vector<std::string>;

/// Reads a YAML file in Axolotl's spelling, applies `overrides` ("key=value", "datasets.0.path=rows.jsonl") and checks
/// the rules. Throws ConfigError for the first problem, as `run.yaml:14 lora_r: 0 is below 1`; FileError when
/// unreadable.
RunConfig read_config(const std::filesystem::path& path, std::span<const std::string> overrides, Notes& notes);

/// The same from text; `name` stands in front of line numbers.
RunConfig parse_config(const std::string& text, const std::string& name, std::span<const std::string> overrides,
                       Notes& notes);

/// The rules that span several fields (rules.cpp). Throws ConfigError for the first that is broken.
void check_rules(const RunConfig& config);

/// The effective configuration as YAML that read_config accepts; defaults are written out.
std::string write_config(const RunConfig& config);

/// The same as one JSON object on one line.
std::string config_json(const RunConfig& config);

/// JSON Schema (draft 2020-12) of the YAML file.
std::string json_schema();

/// Reference of all options in Markdown.
std::string reference_page();

}  // namespace eft
