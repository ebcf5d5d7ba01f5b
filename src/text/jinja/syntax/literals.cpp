#include "text/jinja/syntax/literals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

/// Length of digits with single underscores between them.
std::size_t digits_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    if (is_decimal(text[size])) {
      ++size;
    } else if (size > 0 && text[size] == '_' && size + 1 < text.size() && is_decimal(text[size + 1])) {
      ++size;
    } else {
      break;
    }
  }
  return size;
}

/// Length of a float at the start of `text`, 0 when it is none.
std::size_t real_size(std::string_view text) {
  std::size_t size = digits_size(text);
  bool is_real = false;
  if (size < text.size() && text[size] == '.') {
    const std::size_t fraction = digits_size(text.substr(size + 1));
    if (fraction > 0) {
      size += 1 + fraction;
      is_real = true;
    }
  }
  if (size < text.size() && (text[size] == 'e' || text[size] == 'E')) {
    const bool is_signed = size + 1 < text.size() && (text[size + 1] == '+' || text[size + 1] == '-');
    const std::size_t begin = size + (is_signed ? 2 : 1);
    const std::size_t exponent = begin < text.size() ? digits_size(text.substr(begin)) : 0;
    if (exponent > 0) return begin + exponent;
  }
  return is_real ? size : 0;
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

int digit_value(char c) {
  if (is_decimal(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

int base_of(std::string_view text) {
  if (text.size() < 2 || text[0] != '0') return 10;
  switch (text[1]) {
    case 'x':
    case 'X':
      return 16;
    case 'o':
    case 'O':
      return 8;
    case 'b':
    case 'B':
      return 2;
    default:
      return 10;
  }
}

std::size_t integer_size(std::string_view text, int base) {
  if (base == 10) {
    if (text[0] != '0') return digits_size(text);
    std::size_t size = 1;
    while (size < text.size() && text[size] == '0') ++size;
    return size;
  }
  std::size_t size = 2;
  while (size < text.size() && (text[size] == '_' || digit_value(text[size]) < base)) ++size;
  return size;
}

/// Turns escapes into characters as Python's string literals do.
class Unescaper {
 public:
  Unescaper(std::string_view text, int line) : text_(text), line_(line) {}

  std::string run() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '\\' && at_ < text_.size()) {
        escape(text_[at_++]);
      } else {
        out_ += c;
      }
    }
    return std::move(out_);
  }

 private:
  void escape(char c) {
    switch (c) {
      case '\n':
        return;
      case '\\':
      case '\'':
      case '"':
        out_ += c;
        return;
      case 'n':
        out_ += '\n';
        return;
      case 't':
        out_ += '\t';
        return;
      case 'r':
        out_ += '\r';
        return;
      case 'a':
        out_ += '\a';
        return;
      case 'b':
        out_ += '\b';
        return;
      case 'f':
        out_ += '\f';
        return;
      case 'v':
        out_ += '\v';
        return;
      case 'x':
        return unicode::append(out_, code(2, 16));
      case 'u':
        return unicode::append(out_, code(4, 16));
      case 'U':
        return unicode::append(out_, code(8, 16));
      case 'N':
        throw SyntaxFault(line_, "escape \\N{...} in a string is not supported");
      default:
        break;
    }
    if (c >= '0' && c <= '7') {
      --at_;
      std::size_t count = 0;
      while (count < 3 && at_ + count < text_.size() && text_[at_ + count] >= '0' && text_[at_ + count] <= '7') ++count;
      return unicode::append(out_, code(count, 8));
    }
    out_ += '\\';
    out_ += c;
  }

  char32_t code(std::size_t count, int base) {
    char32_t value = 0;
    for (std::size_t i = 0; i < count; ++i, ++at_) {
      const int digit = at_ < text_.size() ? digit_value(text_[at_]) : 99;
      if (digit >= base)
        throw SyntaxFault(line_, fmt::format("truncated escape in a string, expected {} digits", count));
      value = value * static_cast<char32_t>(base) + static_cast<char32_t>(digit);
      if (value > 0x10ffff) throw SyntaxFault(line_, "illegal Unicode character in a string");
    }
    if (value >= 0xd800 && value <= 0xdfff) throw SyntaxFault(line_, "surrogate escape in a string is not a character");
    return value;
  }

  std::string_view text_;
  int line_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::size_t name_size(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    const char c = text[size];
    const bool ascii = c == '_' || is_decimal(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!ascii) {
      if ((static_cast<unsigned char>(c) & 0x80) == 0) break;
      std::size_t end = size;
      const char32_t code = unicode::next(text, end);
      if (!unicode::is_alpha(code) && !unicode::is_digit(code)) break;
      size = end;
    } else {
      ++size;
    }
  }
  // A letter-like character that cannot be in a name still has to be taken, so that the parser can refuse it.
  return size > 0 ? size : unicode::offset_of(text, 1);
}

std::size_t symbol_size(std::string_view text) {
  constexpr std::array<std::string_view, 6> pairs = {"//", "**", "==", "!=", ">=", "<="};
  for (auto pair : pairs) {
    if (text.starts_with(pair)) return 2;
  }
  return std::string_view("+-/*%~[](){}><=.:|,;").find(text.front()) != std::string_view::npos ? 1 : 0;
}

std::size_t read_numeral(std::string_view text, bool after_dot, Token& token) {
  if (const std::size_t size = after_dot ? 0 : real_size(text)) {
    const std::string digits = without_underscores(text.substr(0, size));
    token.type = TokenType::real;
    std::from_chars(digits.data(), digits.data() + digits.size(), token.real);
    return size;
  }
  const int base = base_of(text);
  const std::size_t size = integer_size(text, base);
  const std::string digits = without_underscores(text.substr(base == 10 ? 0 : 2, size - (base == 10 ? 0 : 2)));
  token.type = TokenType::integer;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), token.integer, base);
  if (result.ec != std::errc{}) {
    throw SyntaxFault(token.line, fmt::format("integer {} does not fit 64 bits", text.substr(0, size)));
  }
  return size;
}

std::size_t read_quoted(std::string_view text, Token& token) {
  const char quote = text.front();
  std::size_t end = 1;
  while (end < text.size() && text[end] != quote) end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) throw SyntaxFault(token.line, "string without a closing quote");
  token.type = TokenType::string;
  token.text = Unescaper(text.substr(1, end - 1), token.line).run();
  return end + 1;
}

}  // namespace eft::jinja
