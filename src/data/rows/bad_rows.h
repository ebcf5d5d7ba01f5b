#pragma once

#include <string>
#include <string_view>

#include "data/dataset.h"

namespace eft {

/// Counts a row that cannot be used because of `fault`, the message of an error ("file.jsonl:12: no field 'text', …"),
/// with others that have the same fault.
void count_bad(DatasetCounts& counts, const std::string& fault);

/// A fault without file, line, numbers and what was expected: "no field 'text'".
std::string reason_of(std::string_view fault);

}  // namespace eft
