#pragma once

#include <string>

#include "data/preference/preference.h"

namespace eft {

/// One JSON object with Axolotl's columns (prompt, chosen, rejected, or prompt, completion, label), the ids that TRL
/// makes of them (prompt_ids, chosen_ids, …), source (the file) and row (its line).
std::string dump_preference(const Preference& preference);

/// The texts of a row, one after the other, for a person.
std::string show_preference(const Preference& preference);

}  // namespace eft
