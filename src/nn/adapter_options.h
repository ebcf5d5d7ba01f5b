#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/field.h"

namespace eft {

/// What is trained: the whole model, or adapters beside frozen weights, which with qlora are packed into 4 bits.
enum class AdapterKind { none, lora, qlora };

constexpr auto enum_names(AdapterKind) {
  return std::array{EnumName{AdapterKind::none, "none"}, EnumName{AdapterKind::lora, "lora"},
                    EnumName{AdapterKind::qlora, "qlora"}};
}

/// Options of low-rank adapters, in PEFT's meaning.
struct AdapterOptions {
  AdapterKind kind = AdapterKind::none;
  std::optional<std::int64_t> rank;   ///< set when kind is lora, unless model_dir gives it
  std::optional<std::int64_t> alpha;  ///< likewise; the adapter is scaled by alpha / rank
  double dropout = 0;
  StringOrList
      target_modules;  ///< a string is a regular expression for the whole module name; a list holds names or suffixes
  bool target_linear = false;
  StringOrList target_parameters;   ///< of experts; always names or suffixes
  StringOrList exclude_modules;     ///< matched as target_modules; these get no adapter
  std::vector<std::string> modules_to_save;  ///< names or suffixes; trained in full and kept with the adapter
  StringMap rank_pattern;           ///< module (the end of its path, may be a regular expression) → its own rank
  StringMap alpha_pattern;          ///< likewise
  bool rslora = false;              ///< scaled by alpha / √rank instead
  std::filesystem::path model_dir;  ///< empty: start a new adapter
};

template <class Visitor>
void describe(Visitor&& field, AdapterOptions& o) {
  field({"adapter", "Train adapters (lora, or qlora beside weights in 4 bits) or, left out, the whole model."}, o.kind);
  field({"lora_r", "Rank of the adapter matrices."}, o.rank, Bounds{1, 1024});
  field({"lora_alpha", "Scale of the adapters; their output is multiplied by lora_alpha / lora_r."}, o.alpha,
        Bounds{1});
  field({"lora_dropout", "Share of the adapters' input that is dropped in training."}, o.dropout,
        Bounds{.min = 0, .max = 1, .below_max = true});
  field({"lora_target_modules",
         "Modules that get an adapter: a list of names (the ends of module paths), or one regular expression that must "
         "match a module's whole path."},
        o.target_modules);
  field({"lora_target_linear", "Give every linear module of the language model an adapter, but not the output layer."},
        o.target_linear);
  field({"lora_target_parameters",
         "Parameters of experts that get adapters, by the ends of their paths: experts.gate_up_proj, experts.down_proj. "
         "Needs lora_dropout: 0."},
        o.target_parameters);
  field({"lora_exclude_modules", "Modules that get no adapter, named as in lora_target_modules."}, o.exclude_modules);
  field({"lora_modules_to_save",
         "Modules that are trained in full and kept in the adapter's folder (PEFT's modules_to_save), by the ends of their "
         "paths: embed_tokens, lm_head, norm. Beside one of embed_tokens and lm_head the other keeps the original weights."},
        o.modules_to_save);
  field({"lora_rank_pattern", "Ranks of their own for some modules: the end of a module path, which may be a regular "
                              "expression, to the rank."},
        o.rank_pattern);
  field({"lora_alpha_pattern", "Likewise for lora_alpha."}, o.alpha_pattern);
  field({"peft_use_rslora", "Scale adapters by lora_alpha / √lora_r (rank-stabilised LoRA)."}, o.rslora);
  field({"lora_model_dir", "Adapter folder to continue from; its rank, scale and targets hold."}, o.model_dir);
}

}  // namespace eft
