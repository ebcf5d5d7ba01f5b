#include "schema/number.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace eft {
namespace {

template <class T>
std::optional<T> parse_all(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  // from_chars would take "inf", "nan" and a second sign.
  const std::size_t digit = !text.empty() && text.front() == '-' ? 1 : 0;
  if (digit >= text.size() || (text[digit] != '.' && (text[digit] < '0' || text[digit] > '9'))) return std::nullopt;
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) { return parse_all<std::int64_t>(text); }

std::optional<double> parse_number(std::string_view text) { return parse_all<double>(text); }

std::string number_text(double value) {
  constexpr double kExact = 9e15;  // below this every whole number is a double of its own
  if (value == std::floor(value) && std::abs(value) < kExact) return fmt::format("{:.0f}", value);
  return fmt::format("{}", value);
}

}  // namespace eft
