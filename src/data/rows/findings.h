#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/data_options.h"

namespace eft {

/// One thing that a row holds and does not train, or lacks.
struct RowFinding {
  Finding kind;
  std::int64_t count = 1;   ///< answers, messages or columns of the row
  std::string detail = {};  ///< name of the column, for images and their like
};
using RowFindings = std::vector<RowFinding>;

/// The same over the rows of a dataset.
struct DatasetFinding {
  Finding kind;
  std::int64_t count = 0;
  std::string first;   ///< "file.jsonl:12", the first row that shows it
  std::string detail;  ///< of that row
};

/// What sentences about findings name.
struct FindingWords {
  std::string template_name;         ///< that renders the rows; empty: they are no conversations
  std::string bos;                   ///< the tokenizer's
  bool has_thought_channel = false;  ///< whether thought_channel would help
};

/// Adds what a row shows to the counts of its dataset.
void add_finding(std::vector<DatasetFinding>& all, const RowFinding& finding, const std::string& where);

/// Whether rows that show it cannot be used, unless allow_in_rows says otherwise.
bool is_fault(Finding kind);

/// "the template gemma3 leaves the tools of 3 rows out (first rows.jsonl:2); …": what was found and what to do.
std::string sentence_of(const DatasetFinding& finding, const FindingWords& words);

/// The same without what to do, for one row.
std::string what_was_found(const DatasetFinding& finding, const FindingWords& words);

/// Whether allow_in_rows names it.
bool is_allowed(Finding kind, const DataOptions& options);

/// "tools", as allow_in_rows spells it.
std::string name_of(Finding kind);

/// Adds images, audios or videos where `object`, a row or a message, has something in a column of theirs.
void find_media(const nlohmann::ordered_json& object, RowFindings& findings);

}  // namespace eft
