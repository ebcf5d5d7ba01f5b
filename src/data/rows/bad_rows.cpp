#include "data/rows/bad_rows.h"

#include <algorithm>
#include <cctype>

#include "base/error.h"
#include "data/rows/length.h"

namespace eft {
namespace {

/// Faults beyond these are counted together.
constexpr std::size_t kMostReasons = 12;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// What stands behind "FILE:LINE: ".
std::string_view behind_place(std::string_view fault) {
  for (std::size_t colon = fault.find(':'); colon != std::string_view::npos; colon = fault.find(':', colon + 1)) {
    std::size_t end = colon + 1;
    while (end < fault.size() && is_digit(fault[end])) ++end;
    if (end > colon + 1 && fault.substr(end, 2) == ": ") return fault.substr(end + 2);
  }
  return fault;
}

}  // namespace

std::string reason_of(std::string_view fault) {
  fault = behind_place(fault);
  for (const std::string_view rest : {", expected", "; the row has", ", it has"})
    fault = fault.substr(0, fault.find(rest));
  std::string reason;
  for (const char c : fault) {
    if (!is_digit(c)) {
      reason += c;
    } else if (reason.empty() || reason.back() != '#') {
      reason += '#';
    }
  }
  return reason;
}

void count_bad(DatasetCounts& counts, const std::string& fault) {
  count_dropped(counts.bad, fault);
  std::string reason = reason_of(fault);
  auto found = std::ranges::find(counts.bad_reasons, reason, &BadRows::reason);
  if (found == counts.bad_reasons.end()) {
    if (counts.bad_reasons.size() == kMostReasons) reason = "other faults";
    found = std::ranges::find(counts.bad_reasons, reason, &BadRows::reason);
  }
  if (found == counts.bad_reasons.end()) found = counts.bad_reasons.insert(found, {reason, {}});
  count_dropped(found->rows, fault);
}

bool take_findings(const RowFindings& findings, const std::string& where, const DataOptions& options,
                   const FindingWords& words, DatasetCounts& counts) {
  for (const RowFinding& finding : findings) {
    const bool fault = is_fault(finding.kind) && !is_allowed(finding.kind, options);
    if (!fault || options.on_bad_row == BadRow::raise) continue;
    const DatasetFinding one{finding.kind, finding.count, where, finding.detail};
    count_bad(counts, fmt::format("{}: {}", where, what_was_found(one, words)));
    return false;
  }
  for (const RowFinding& finding : findings) add_finding(counts.findings, finding, where);
  return true;
}

void report_findings(const DatasetCounts& counts, const DataOptions& options, const FindingWords& words,
                     DataReport& report) {
  for (const DatasetFinding& finding : counts.findings) {
    if (is_allowed(finding.kind, options)) continue;
    const std::string sentence = fmt::format("{}: {}", counts.path, sentence_of(finding, words));
    if (is_fault(finding.kind)) throw DataError("{}", sentence);
    report.warnings.push_back(sentence);
  }
}

}  // namespace eft
