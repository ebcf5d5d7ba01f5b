#pragma once

#include <string>

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// Python's `text % values`.
Value format_percent(std::string_view text, const Value& values);
/// Python's text.format(…), attributes and items by the template's rules.
Value format_braces(std::string_view text, const Arguments& arguments);
/// `text` widened to `width` characters; align is '<', '>' or '^'.
std::string pad(std::string_view text, std::int64_t width, char align, std::string_view fill = " ");

}  // namespace eft::jinja
