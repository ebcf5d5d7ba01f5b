#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Python's view of a string, code points, over valid UTF-8. Tables are Unicode 14 (Python 3.11).
namespace eft::jinja::unicode {

/// Offset of the first byte that is not valid UTF-8.
std::optional<std::size_t> find_invalid(std::string_view text);
/// Number of code points.
std::size_t length(std::string_view text);
/// The code point at byte `position`, which moves behind it.
char32_t next(std::string_view text, std::size_t& position);
void append(std::string& text, char32_t code);
/// The characters as slices of `text`.
std::vector<std::string_view> characters(std::string_view text);
/// Byte offset of code point `index` (the end when there are fewer).
std::size_t offset_of(std::string_view text, std::size_t index);

bool is_space(char32_t code);
bool is_printable(char32_t code);
bool is_alpha(char32_t code);
bool is_digit(char32_t code);
bool is_upper(char32_t code);
bool is_lower(char32_t code);
bool is_cased(char32_t code);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// First character in title case, the rest lower.
std::string capitalize(std::string_view text);
/// Words in title case as str.title() finds them.
std::string title(std::string_view text);
std::string swap_case(std::string_view text);

/// Without the characters of `set` (white space when absent) at the ends asked for.
std::string_view strip(std::string_view text, std::optional<std::string_view> set = std::nullopt, bool left = true,
                       bool right = true);
/// Lines as str.splitlines() cuts them.
std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends = false);

}  // namespace eft::jinja::unicode
