#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schema/field.h"

namespace eft {

/// A learning rate for the parameters whose names hold one of some words.
struct LrGroup {
  std::string name;
  std::vector<std::string> modules;
  double learning_rate = 0;
};

template <class Visitor>
void describe(Visitor&& field, LrGroup& o) {
  field({"name", "What the run's page calls the group.", true}, o.name);
  field({"modules", "Words, one of which the name of a parameter holds: q_proj, layers.3.", true}, o.modules);
  field({"lr", "Peak learning rate of the group.", true}, o.learning_rate, Bounds{.min = 0, .above_min = true});
}

/// Learning rates of their own for some of the trained parameters.
struct GroupOptions {
  std::optional<double> embedding_lr;
  std::optional<double> embedding_lr_scale;  ///< goes before embedding_lr
  std::vector<LrGroup> lr_groups;
  std::optional<double> loraplus_lr_ratio;

  /// Whether anything is set that makes Axolotl build the parameter groups itself, in which embeddings do not decay.
  bool any() const { return embedding_lr || embedding_lr_scale || !lr_groups.empty() || loraplus_lr_ratio; }
};

template <class Visitor>
void describe(Visitor&& field, GroupOptions& o) {
  const Bounds positive{.min = 0, .above_min = true};
  field(
      {"embedding_lr",
       "Peak learning rate of what is trained of embed_tokens and lm_head, and of lora_modules_to_save. As in Axolotl "
       "these do not decay then."},
      o.embedding_lr, positive);
  field({"embedding_lr_scale", "The same as a factor of learning_rate."}, o.embedding_lr_scale, positive);
  field({"lr_groups",
         "Learning rates of their own for groups of parameters, of which the first that fits holds; not for norms, "
         "embeddings and the output layer."},
        o.lr_groups);
  field({"loraplus_lr_ratio",
         "LoRA+: the learning rate of the second matrix of an adapter (lora_B), over that of the "
         "first."},
        o.loraplus_lr_ratio, positive);
}

}  // namespace eft
