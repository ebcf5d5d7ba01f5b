#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/parameter.h"
#include "train/optimizers/optimizer_options.h"

namespace eft {

/// Parameters that one optimizer updates alike, as torch's parameter groups.
struct ParameterGroup {
  std::string name;        ///< for people: "embeddings"
  double rate_factor = 1;  ///< of the step's learning rate
  double weight_decay = 0;
  std::vector<Parameter*> members{};
};

/// Every trainable parameter of the store, in one group each, by the rules of Axolotl, Transformers' trainer and PEFT's
/// LoRA+. `peak` is the learning rate that rates of groups are relative to. Throws ConfigError for a group of lr_groups
/// that no parameter is in.
std::vector<ParameterGroup> parameter_groups(ParameterStore& store, const OptimizerOptions& options, double peak);

/// Whether a parameter belongs to a norm (or is a bias), by the names that Transformers' trainer goes by.
bool is_norm(std::string_view name);
/// Whether a parameter is the table of an embedding.
bool is_embedding(const Parameter& parameter);
/// Whether Axolotl counts a parameter among the embeddings: tables, the output layer, adapters on them, saved modules.
bool is_embedding_like(const Parameter& parameter);

}  // namespace eft
