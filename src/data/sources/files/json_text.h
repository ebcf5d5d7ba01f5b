#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eft {

/// Appends `value` as a JSON string. Bytes that are not UTF-8 stay as they are, for whoever parses the text to find.
void append_json_string(std::string_view value, std::string& json);

/// What makes `value` no text: a NUL byte or invalid UTF-8. Nothing when it is text.
std::optional<std::string> fault_of_text(std::string_view value);

}  // namespace eft
