#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/media/media_decoder.h"
#include "data/token_options.h"
#include "models/load.h"
#include "train/train_options.h"

namespace eft {

/// What a run is asked to do: the options of a configuration and what follows from them.
struct TrainJob {
  std::filesystem::path base_model;
  std::string base_model_name;      ///< as the user wrote it, perhaps a name on the hub; empty: the folder
  std::filesystem::path tokenizer;  ///< folder of the tokenizer's files
  TokenOptions tokens;              ///< that the tokenizer must have
  AdapterOptions adapter;           ///< those of lora_model_dir where that is set
  QuantOptions quant;               ///< what is packed of the weights that stay frozen
  AdapterOptions reference_adapter;  ///< that preferences are compared with: lora_model_dir's; none: the base
  DataOptions data;
  TrainOptions train;
  std::string chat_template;       ///< the Jinja text that the chat rows were rendered with; empty: none
  std::string config;              ///< the effective configuration as JSON, kept with checkpoints
  std::vector<std::string> notes;  ///< what the user should know about the configuration

  /// The model's name in what the run prints and writes.
  std::string model_name() const { return base_model_name.empty() ? base_model.string() : base_model_name; }
  bool trains_adapter() const { return adapter.kind != AdapterKind::none; }
  DType dtype() const { return train.precision() == Precision::bfloat16 ? DType::bf16 : DType::f32; }
};

/// Rows of the embedding of a job's model, by its config.json. Throws as build_model() does.
std::int64_t vocabulary_of(const TrainJob& job);

/// What makes images for a job's model, where it has processor_type and a vision tower that eft knows; else null.
/// Throws ConfigError for processor files that eft cannot follow.
std::shared_ptr<const MediaDecoder> media_of(const TrainJob& job);

/// Opens the model of a job with what it trains: new or given adapters, or every weight. On a meta pool, only shapes.
OpenedModel open_for_training(const TrainJob& job, Pool& pool);

/// The device that `choice` means on this machine, readied for use; throws DeviceError when the build or the machine
/// lacks it.
Device resolve_device(DeviceChoice choice);

}  // namespace eft
