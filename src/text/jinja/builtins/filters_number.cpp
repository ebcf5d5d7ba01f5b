#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

void require_defined(const Value& input) {
  if (input.is_undefined()) throw Fault("{}", input.missing() ? input.missing()->message() : "value is undefined");
}

/// Digits without the single underscores that Python allows between them; nothing when they stand elsewhere.
std::optional<std::string> plain_digits(std::string_view text) {
  std::string out;
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      out += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_word(text[i - 1]) || !is_word(text[i + 1])) {
      return std::nullopt;
    }
  }
  return out;
}

template <class Number, class... Style>
std::optional<Number> parse(std::string_view text, Style... style) {
  auto digits = plain_digits(unicode::strip(text));
  if (!digits) return std::nullopt;
  std::string_view rest = *digits;
  if (rest.starts_with('+') && !rest.substr(1).starts_with('-')) rest.remove_prefix(1);
  Number number{};
  const auto result = std::from_chars(rest.data(), rest.data() + rest.size(), number, style...);
  if (result.ec != std::errc{} || result.ptr != rest.data() + rest.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_real(std::string_view text) {
  std::string lower = unicode::lower(unicode::strip(text));
  return lower.find('(') == std::string::npos ? parse<double>(lower) : std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text, int base) {
  text = unicode::strip(text);
  const bool prefixed = text.size() > 2 && text[0] == '0';
  const char mark = prefixed ? text[1] : ' ';
  if (prefixed && ((base == 16 && (mark == 'x' || mark == 'X')) || (base == 8 && (mark == 'o' || mark == 'O')) ||
                   (base == 2 && (mark == 'b' || mark == 'B')))) {
    text.remove_prefix(2);
  }
  return parse<std::int64_t>(text, base);
}

std::optional<std::int64_t> truncated(double number) {
  if (std::isnan(number) || std::abs(number) >= 9.2e18) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

Value to_integer(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("int", arguments, {"default", "base"});
  require_defined(input);
  std::optional<std::int64_t> result;
  if (input.is_integral()) result = input.integer();
  if (input.kind() == Kind::big_integer) return input;
  if (input.is_real()) result = truncated(input.real());
  if (input.is_string()) {
    result = parse_integer(input.string(), static_cast<int>(bound.integer(1, 10)));
    if (!result) {
      const auto real = parse_real(input.string());
      if (real) result = truncated(*real);
    }
  }
  return result ? Value(*result) : bound.value(0, 0);
}

Value to_real(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("float", arguments, {"default"});
  require_defined(input);
  const auto result = input.is_string() ? parse_real(input.string()) : number_of(input);
  return result ? Value(*result) : bound.value(0, 0.0);
}

Value absolute(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("abs", arguments, {});
  require_defined(input);
  if (input.is_integral()) return input.integer() < 0 ? negate(input) : Value(input.integer());
  if (input.is_real()) return std::abs(input.real());
  throw Fault("bad operand type for abs(): '{}'", type_name(input));
}

/// Half to even on the decimal value, as Python's round().
double round_half_even(double number, std::int64_t digits) {
  if (digits < 0) {
    const double scale = std::pow(10.0, static_cast<double>(-digits));
    return std::nearbyint(number / scale) * scale;
  }
  if (!std::isfinite(number) || digits > 300) return number;
  return std::stod(fmt::format("{:.{}f}", number, static_cast<int>(digits)));
}

Value round_number(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("round", arguments, {"precision", "method"});
  require_defined(input);
  const std::int64_t precision = bound.integer(0, 0);
  const std::string_view method = bound.text(1).value_or("common");
  const auto number = number_of(input);
  if (!number) throw Fault("type {} doesn't define __round__ method", type_name(input));
  if (method == "common") {
    if (!input.is_integral()) return round_half_even(*number, precision);
    if (precision >= 0) return input.integer();
    return static_cast<std::int64_t>(round_half_even(*number, precision));
  }
  if (method != "ceil" && method != "floor") throw Fault("method must be common, ceil or floor");
  const double scale = std::pow(10.0, static_cast<double>(precision));
  return (method == "ceil" ? std::ceil(*number * scale) : std::floor(*number * scale)) / scale;
}

constexpr std::array kFilters = {
    FilterRow{"abs", absolute},
    FilterRow{"float", to_real},
    FilterRow{"int", to_integer},
    FilterRow{"round", round_number},
};

}  // namespace

Filter find_number_filter(std::string_view name) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(), [&](const auto& row) { return row.name == name; });
  return found == kFilters.end() ? nullptr : found->filter;
}

}  // namespace eft::jinja
