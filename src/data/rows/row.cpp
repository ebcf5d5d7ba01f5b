#include "data/rows/row.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/json.h"

namespace eft {

using Json = nlohmann::ordered_json;

namespace {

constexpr int kDepth = static_cast<int>(kJsonDepth);

/// What Python writes for floats that JSON has no number for.
constexpr std::array<std::string_view, 3> kNoNumbers = {"NaN", "Infinity", "-Infinity"};

/// Recursion is for values as people write them; a megabyte of brackets must not overflow the stack.
Json without_nulls(const Json& value, int depth) {
  if (depth > kDepth) throw DataError("nested deeper than {} levels", kDepth);
  if (value.is_object()) {
    Json kept = Json::object();
    for (const auto& [key, item] : value.items()) {
      if (!item.is_null()) kept[key] = without_nulls(item, depth + 1);
    }
    return kept;
  }
  if (value.is_array()) {
    Json kept = Json::array();
    for (const Json& item : value) kept.push_back(without_nulls(item, depth + 1));
    return kept;
  }
  return value;
}

/// `text` with null in the place of NaN, Infinity and -Infinity outside of strings.
std::string with_null_numbers(std::string_view text) {
  std::string out;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const auto word = std::ranges::find_if(kNoNumbers, [&](std::string_view w) { return rest.starts_with(w); });
    if (!in_string && word != kNoNumbers.end()) {
      out += "null";
      at += word->size();
      continue;
    }
    const bool escaped = in_string && text[at] == '\\' && at + 1 < text.size();
    if (escaped) out += text[at++];
    if (!escaped && text[at] == '"') in_string = !in_string;
    out += text[at++];
  }
  return out;
}

/// JSON as Python reads it.
Json parse_as_python(const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error&) {
    if (text.find("NaN") == std::string::npos && text.find("Infinity") == std::string::npos) throw;
  }
  Json value = Json::parse(with_null_numbers(text), nullptr, false);
  return value.is_discarded() ? Json::parse(text) : value;  // says what is wrong where it stands
}

}  // namespace

Json parse_row(const RawRow& row) {
  if (!row.fault.empty()) throw DataError("{}: {}", row.where, row.fault);
  if (const std::string fault = fault_of_json_size(row.text); !fault.empty()) {
    throw DataError("{}: not a row, {}", row.where, fault);
  }
  Json value;
  try {
    value = parse_as_python(row.text);
  } catch (const nlohmann::json::parse_error& error) {
    throw DataError("{}: not valid JSON, column {}: {}", row.where, error.byte, json_error_reason(error));
  } catch (const Json::exception&) {
    throw DataError("{}: not valid JSON, a number is out of range", row.where);
  }
  if (!value.is_object()) throw DataError("{}: the row is {}, expected an object", row.where, value.type_name());
  try {
    return without_nulls(value);
  } catch (const DataError& error) {
    throw DataError("{}: {}", row.where, error.what());
  }
}

Json without_nulls(const Json& value) { return without_nulls(value, 0); }

const std::string& required_string(const Json& row, const std::string& field, const std::string& where) {
  const auto found = row.find(field);
  if (found == row.end()) {
    throw DataError("{}: no field '{}', expected a string; the row has {}", where, field, key_list(row));
  }
  if (!found->is_string()) throw DataError("{}: field '{}' is {}, expected a string", where, field, found->type_name());
  return found->get_ref<const std::string&>();
}

std::string key_list(const Json& object) {
  std::string keys;
  for (const auto& [key, value] : object.items()) keys += (keys.empty() ? "" : ", ") + key;
  return keys.empty() ? "no fields" : keys;
}

}  // namespace eft
