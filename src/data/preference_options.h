#pragma once

#include <optional>

#include "data/data_options.h"

namespace eft {

/// Whether rows of `type` are preferences only.
constexpr bool is_preference_type(DatasetType type) { return type >= DatasetType::chat_template_default; }

/// Whether Axolotl makes rows for `objective` of a dataset of `type`.
constexpr bool suits(DatasetType type, Objective objective) {
  switch (type) {
    case DatasetType::passthrough:
      return true;
    case DatasetType::chat_template_argilla:
      return objective == Objective::orpo;
    case DatasetType::user_defined:
      return objective != Objective::orpo;
    case DatasetType::chat_template:
    case DatasetType::chat_template_default:
    case DatasetType::chat_template_argilla_chat:
    case DatasetType::chatml:
    case DatasetType::chatml_icr:
      return objective != Objective::orpo && objective != Objective::kto;
    case DatasetType::chatml_argilla:
      return objective == Objective::kto;
    case DatasetType::chatml_argilla_chat:
    case DatasetType::chatml_intel:
    case DatasetType::chatml_prompt_pairs:
    case DatasetType::chatml_ultra:
      return objective != Objective::orpo;
    default:
      return false;
  }
}

/// What the options of a dataset lack to make sense with `rl`, for messages; empty when nothing.
constexpr const char* preference_fault(DatasetType type, std::optional<Objective> rl) {
  if (type == DatasetType::untyped) return rl ? "not set; set a type of preferences, or passthrough" : "";
  if (!rl) return is_preference_type(type) ? "rows of preferences; set rl to dpo, ipo, simpo, orpo, cpo or kto" : "";
  if (suits(type, *rl)) return "";
  if (*rl == Objective::orpo) return "no rows for rl: orpo; use chat_template.argilla";
  if (*rl == Objective::kto) return "no rows for rl: kto; use chatml.argilla, chatml.intel or a mapping";
  return "no rows of preferences; use chat_template.default, chatml.intel or a mapping";
}

}  // namespace eft
