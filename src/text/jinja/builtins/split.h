#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/jinja/values/value.h"

/// String work that methods and filters share.
namespace eft::jinja {

/// str.split: white space runs when `separator` is absent; at most `most` cuts, negative for all.
std::vector<std::string_view> split_left(std::string_view text, std::optional<std::string_view> separator,
                                         std::int64_t most);
/// str.rsplit.
std::vector<std::string_view> split_right(std::string_view text, std::optional<std::string_view> separator,
                                          std::int64_t most);
/// str.replace; all when `most` is negative.
std::string replace_all(std::string_view text, std::string_view old, std::string_view fresh, std::int64_t most);
/// str.center, with Python's choice of the longer side.
std::string center(std::string_view text, std::int64_t width, std::string_view fill = " ");
/// str.isupper or str.islower.
bool is_all_case(std::string_view text, bool up);
/// A list of strings.
Value text_list(const std::vector<std::string_view>& parts);

}  // namespace eft::jinja
