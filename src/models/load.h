#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/registry.h"
#include "tensor/safetensors.h"

namespace eft {

struct LoadOptions {
  DType dtype = DType::f32;      ///< of activations and of everything that is not kept as stored
  bool train_base = false;       ///< full fine-tuning: every parameter is copied and made trainable
  std::vector<std::string> unfrozen{};  ///< of the base, those alone; expressions for beginnings of names; empty: all
  AdapterOptions adapter;        ///< low-rank adapters to declare (their values come from adapter.h)
  FrozenStorage frozen = {};     ///< how weights of linears are kept that stay frozen
  Vision vision = Vision::none;  ///< whether the tower for images is opened too
  bool freeze_towers = false;    ///< with train_base: what is of a tower or its projector does not train
  bool ple_cpu_offload = false;  ///< their table stays in pinned host memory, which the device reads
};

/// A checkpoint folder opened for use.
struct OpenedModel {
  std::unique_ptr<Model> model;
  std::filesystem::path folder;
  std::vector<std::string> skipped;  ///< names that were left unread
  std::vector<std::string> notes;    ///< one line a reason: "12 tensors not read: …"
};

/// Builds the model of `folder` and loads its weights strictly: throws ConfigError that counts the missing and unknown
/// tensors and lists the first of them with shapes, and where there is no table to offload. Frozen matrices stay mapped
/// as they are stored where kernels can read them so. On a meta pool only shapes are made.
OpenedModel open_model(const std::filesystem::path& folder, const LoadOptions& options, Pool& pool);

/// Lets nothing train that is of a tower or its projector, adapters there included.
void freeze_towers(Model& model);

/// Fresh values for the parameters of a model as the family initialises them: N(0, 0.02), norms at identity.
TensorSources initial_values(const Model& model, DType dtype, std::uint64_t seed);

/// Writes all parameters of a fully trained model beside the tensors that were not read, unchanged, with the files of
/// the original folder that describe model and tokenizer. `folder` appears only when complete.
void save_model(const OpenedModel& opened, const std::filesystem::path& folder);

/// Writes the config.json `from` as `to`, with the dtype that the weights beside it have where it names
/// one: Transformers rounds them to it.
void write_model_config(const std::filesystem::path& from, const std::filesystem::path& to, DType dtype);

/// Copies configuration, tokenizer and template files from one model folder to another.
void copy_model_files(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace eft
