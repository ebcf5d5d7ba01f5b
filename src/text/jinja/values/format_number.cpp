#include "text/jinja/values/format_number.h"

#include <cmath>

#include "text/jinja/values/format.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

constexpr std::int64_t kMaxWidth = 100'000;

std::string with_commas(const std::string& digits) {
  const std::size_t end = std::min(digits.find_first_not_of("0123456789"), digits.size());
  std::string out;
  for (std::size_t i = 0; i < end; ++i) {
    if (i > 0 && (end - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out + digits.substr(end);
}

std::string digits_of_integer(std::uint64_t magnitude, const NumberStyle& style) {
  switch (style.type) {
    case 'x':
      return (style.alternate ? "0x" : "") + fmt::format("{:x}", magnitude);
    case 'X':
      return (style.alternate ? "0X" : "") + fmt::format("{:X}", magnitude);
    case 'o':
      return (style.alternate ? "0o" : "") + fmt::format("{:o}", magnitude);
    case 'b':
      return (style.alternate ? "0b" : "") + fmt::format("{:b}", magnitude);
    default:
      return fmt::format("{}", magnitude);
  }
}

std::string digits_of_real(double magnitude, const NumberStyle& style) {
  const int precision = static_cast<int>(style.precision < 0 ? 6 : style.precision);
  switch (style.type) {
    case 'f':
    case 'F':
      return fmt::format("{:.{}f}", magnitude, precision);
    case 'e':
      return fmt::format("{:.{}e}", magnitude, precision);
    case 'E':
      return fmt::format("{:.{}E}", magnitude, precision);
    case 'g':
      return fmt::format("{:.{}g}", magnitude, std::max(precision, 1));
    case 'G':
      return fmt::format("{:.{}G}", magnitude, std::max(precision, 1));
    case '%':
      return fmt::format("{:.{}f}%", magnitude * 100, precision);
    default:
      return style.precision < 0 ? repr_real(magnitude) : fmt::format("{:.{}g}", magnitude, std::max(precision, 1));
  }
}

std::string aligned(std::string sign, std::string digits, const NumberStyle& style) {
  if (style.align != '=') return pad(sign + digits, style.width, style.align == 0 ? '>' : style.align, style.fill);
  const auto rest = style.width - static_cast<std::int64_t>(sign.size());
  return sign + pad(digits, rest, '>', style.fill);
}

}  // namespace

std::int64_t read_number(std::string_view text, std::size_t& position) {
  std::int64_t number = 0;
  for (; position < text.size() && text[position] >= '0' && text[position] <= '9'; ++position) {
    number = number * 10 + (text[position] - '0');
    if (number > kMaxWidth) throw Fault("width or precision above {} in a format", kMaxWidth);
  }
  return number;
}

std::string format_number(const Value& value, const NumberStyle& style) {
  constexpr std::string_view whole = "dxXob";
  const bool as_integer = style.type == 0 ? value.is_integral() : whole.find(style.type) != std::string_view::npos;
  const auto number = number_of(value);
  if (!number) throw Fault("a number is required, not {}", type_name(value));
  const bool negative = value.is_integral() ? value.integer() < 0 : std::signbit(*number);
  const std::string sign = negative ? "-" : style.sign == '-' ? "" : std::string(1, style.sign);
  std::string digits;
  if (as_integer) {
    if (!value.is_integral()) throw Fault("%{} format: an integer is required, not {}", style.type, type_name(value));
    const auto bits = static_cast<std::uint64_t>(value.integer());
    digits = digits_of_integer(negative ? 0 - bits : bits, style);
  } else {
    digits = digits_of_real(std::abs(*number), style);
  }
  return aligned(sign, style.comma ? with_commas(digits) : digits, style);
}

std::string format_text(std::string_view text, const NumberStyle& style) {
  if (style.precision >= 0) text = text.substr(0, unicode::offset_of(text, static_cast<std::size_t>(style.precision)));
  return pad(text, style.width, style.align == 0 ? '<' : style.align, style.fill);
}

}  // namespace eft::jinja
