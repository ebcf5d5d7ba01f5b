#pragma once

#include <string>

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// Python's str().
std::string to_text(const Value& value);
/// The same, appended.
void append_text(std::string& out, const Value& value);
/// Python's repr().
std::string repr(const Value& value);
/// Shortest digits that read back the same, as Python prints floats.
std::string repr_real(double value);

/// What json.dumps is told.
struct JsonStyle {
  bool ascii = false;
  std::optional<std::string> indent = {};  ///< one level of it; nothing: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
  bool sort_keys = false;
};

/// Python's json.dumps().
std::string to_json(const Value& value, const JsonStyle& style);

}  // namespace eft::jinja
