#pragma once

#include <string>
#include <string_view>

#include "data/dataset.h"

namespace eft {

/// Counts a row that cannot be used because of `fault`, the message of an error ("file.jsonl:12: no field 'text', …"),
/// with others that have the same fault.
void count_bad(DatasetCounts& counts, const std::string& fault);

/// Counts what the row at `where` shows. Returns whether the row can be used: with on_bad_row: drop one with a finding
/// that is a fault cannot, and is counted as such.
bool take_findings(const RowFindings& findings, const std::string& where, const DataOptions& options,
                   const FindingWords& words, DatasetCounts& counts);

/// Makes a warning of each finding of a dataset that allow_in_rows does not name. Throws DataError for one that is a
/// fault, with the number of its rows.
void report_findings(const DatasetCounts& counts, const DataOptions& options, const FindingWords& words,
                     DataReport& report);

/// A fault without file, line, numbers and what was expected: "no field 'text'".
std::string reason_of(std::string_view fault);

}  // namespace eft
