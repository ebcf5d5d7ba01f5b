#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/token_options.h"
#include "nn/adapter_options.h"
#include "quant/quant_options.h"
#include "schema/field.h"
#include "train/train_options.h"

namespace eft {

/// All options of a run: the option structs of the layers, composed. In YAML they are one flat mapping, as in Axolotl.
struct RunConfig {
  std::filesystem::path base_model;
  std::optional<std::string> revision_of_model;
  std::filesystem::path tokenizer_config;  ///< folder of another tokenizer; empty: base_model
  TokenOptions tokens;
  AdapterOptions adapter;
  QuantOptions quant;
  DataOptions data;
  TrainOptions train;
};

template <class Visitor>
void describe(Visitor&& field, RunConfig& o) {
  field({"base_model",
         "Checkpoint to train: a Hugging Face folder, or a name on the hub (google/gemma-3-270m-it) that `hf download` "
         "has "
         "fetched into its cache.",
         true},
        o.base_model);
  field({"revision_of_model", "Branch, tag or commit of base_model in the hub's cache; left out: main."},
        o.revision_of_model);
  field({"tokenizer_config", "Folder or hub name of the tokenizer, when it is not the checkpoint's."},
        o.tokenizer_config);
  describe(field, o.tokens);
  describe(field, o.adapter);
  describe(field, o.quant);
  describe(field, o.data);
  describe(field, o.train);
}

/// What the user should be told about a configuration that is accepted: one line each.
using Notes = std::vector<std::string>;

/// Reads a YAML file in Axolotl's spelling, applies `overrides` ("key=value", "datasets.0.path=rows.jsonl") and checks
/// the rules. Throws ConfigError that names all problems, each as `run.yaml:14 lora_r: 0 is below 1`; FileError when
/// unreadable.
RunConfig read_config(const std::filesystem::path& path, std::span<const std::string> overrides, Notes& notes);

/// The same from text; `name` stands in front of line numbers.
RunConfig parse_config(const std::string& text, const std::string& name, std::span<const std::string> overrides,
                       Notes& notes);

/// The effective configuration as YAML that read_config accepts; defaults are written out.
std::string write_config(const RunConfig& config);

/// The same as one JSON object on one line.
std::string config_json(const RunConfig& config);

/// JSON Schema (draft 2020-12) of the YAML file.
std::string json_schema();

/// Reference of all options in Markdown.
std::string reference_page();

}  // namespace eft
