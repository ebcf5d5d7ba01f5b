#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace eft {

/// A row as it stands in its file: the text of one JSON value.
struct RawRow {
  std::string text;
  std::string where;       ///< "file.jsonl:12"
  std::string fault = {};  ///< why the file's format gives no row here; empty when it does
};

/// The object of a row, without the keys that hold null, or NaN or an infinity as Python's json.dumps writes them.
/// Throws DataError when the text is no JSON object, and for a row with a fault.
nlohmann::ordered_json parse_row(const RawRow& row);

/// `value` without the keys that hold null, at any depth; null items of lists stay. Throws DataError for a value nested
/// deeper than 200 levels.
nlohmann::ordered_json without_nulls(const nlohmann::ordered_json& value);

/// The string in `field` of a row. Throws DataError that names the row, the field and what the row has instead.
const std::string& required_string(const nlohmann::ordered_json& row, const std::string& field,
                                   const std::string& where);

/// "instruction, output": the keys of an object, for messages.
std::string key_list(const nlohmann::ordered_json& object);

}  // namespace eft
