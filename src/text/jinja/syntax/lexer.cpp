#include "text/jinja/syntax/lexer.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/syntax/literals.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

/// Newlines become "\n" and one at the very end is dropped.
std::string normalized(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      out += source[i];
    } else {
      out += '\n';
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    }
  }
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string source) : source_(std::move(source)) {}

  std::vector<Token> run() {
    while (position_ < source_.size()) read_root();
    tokens_.push_back({TokenType::end, "", line_});
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return std::string_view(source_).substr(position_); }

  [[noreturn]] void fail(const std::string& what) const { throw SyntaxFault(line_, what); }

  /// Moves on, counting lines. The last character says whether a line starts here.
  std::string_view take(std::size_t count) {
    const std::string_view taken = rest().substr(0, count);
    line_ += static_cast<int>(std::count(taken.begin(), taken.end(), '\n'));
    position_ += taken.size();
    return taken;
  }

  void take_space() {
    const std::string_view left = unicode::strip(rest(), std::nullopt, true, false);
    take(rest().size() - left.size());
  }

  /// Text up to the next tag, then the tag.
  void read_root() {
    const std::size_t at = find_tag();
    if (at == std::string::npos) {
      push_data(take(rest().size()));
      return;
    }
    const char kind = source_[at + 1];
    const char sign = at + 2 < source_.size() ? source_[at + 2] : '\0';
    const bool is_signed = sign == '-' || sign == '+';
    std::string_view text = rest().substr(0, at - position_);
    if (sign == '-') {
      text = unicode::strip(text, std::nullopt, false, true);
    } else if (sign != '+' && kind != '{') {
      text = without_indent(text);
    }
    push_data(text);
    take(at - position_);
    const std::size_t begin_size = is_signed ? 3 : 2;
    if (kind == '#') {
      take(begin_size);
      read_comment();
    } else if (kind == '{') {
      tokens_.push_back({TokenType::variable_begin, "{{", line_});
      take(begin_size);
      read_tag(TokenType::variable_end);
    } else if (!read_raw()) {
      tokens_.push_back({TokenType::block_begin, "{%", line_});
      take(begin_size);
      read_tag(TokenType::block_end);
    }
    line_starts_ = position_ > 0 && source_[position_ - 1] == '\n';
  }

  std::size_t find_tag() const {
    std::size_t at = source_.find('{', position_);
    while (at != std::string::npos && at + 1 < source_.size()) {
      const char kind = source_[at + 1];
      if (kind == '%' || kind == '{' || kind == '#') return at;
      at = source_.find('{', at + 1);
    }
    return std::string::npos;
  }

  /// lstrip_blocks: white space between the start of a line and a block goes.
  std::string_view without_indent(std::string_view text) const {
    const std::size_t newline = text.rfind('\n');
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    if (begin == 0 && !line_starts_) return text;
    return unicode::strip(text.substr(begin)).empty() ? text.substr(0, begin) : text;
  }

  void push_data(std::string_view text) {
    if (!text.empty()) tokens_.push_back({TokenType::data, std::string(text), line_});
  }

  void read_comment() {
    const std::size_t end = rest().find("#}");
    if (end == std::string_view::npos) fail("end of template inside a comment, expected '#}'");
    const char sign = end > 0 ? rest()[end - 1] : '\0';
    take(end + 2);
    finish_block(sign);
  }

  /// What follows a block's or comment's end: '-' takes all white space, '+' nothing, else one newline goes.
  void finish_block(char sign) {
    if (sign == '-') {
      take_space();
    } else if (sign != '+' && rest().starts_with('\n')) {
      take(1);
    }
  }

  /// Length of `{%- word -%}` at the start of `text`, or 0. Sets the sign in front of `%}`.
  static std::size_t match_block(std::string_view text, std::string_view word, char& sign) {
    const std::string_view whole = text;
    text.remove_prefix(2);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    text = unicode::strip(text, std::nullopt, true, false);
    if (!text.starts_with(word)) return 0;
    text = unicode::strip(text.substr(word.size()), std::nullopt, true, false);
    sign = text.starts_with('-') || text.starts_with('+') ? text.front() : '\0';
    if (sign != '\0') text.remove_prefix(1);
    if (!text.starts_with("%}")) return 0;
    return whole.size() - text.size() + 2;
  }

  bool read_raw() {
    char sign = '\0';
    const std::size_t begin_size = match_block(rest(), "raw", sign);
    if (begin_size == 0 || sign == '+') return false;
    take(begin_size);
    if (sign == '-') take_space();
    line_starts_ = source_[position_ - 1] == '\n';
    const std::size_t start = position_;
    for (std::size_t at = source_.find("{%", start); at != std::string::npos; at = source_.find("{%", at + 1)) {
      const std::size_t end_size = match_block(std::string_view(source_).substr(at), "endraw", sign);
      if (end_size == 0) continue;
      std::string_view text = std::string_view(source_).substr(start, at - start);
      const char before = source_[at + 2];
      if (before == '-') {
        text = unicode::strip(text, std::nullopt, false, true);
      } else if (before != '+') {
        text = without_indent(text);
      }
      push_data(text);
      take(at - start + end_size);
      finish_block(sign);
      return true;
    }
    fail("end of template inside a raw block, expected '{% endraw %}'");
  }

  /// The inside of a block or variable, to its end.
  void read_tag(TokenType end) {
    open_.clear();
    while (position_ < source_.size()) {
      if (open_.empty() && read_end(end)) return;
      const std::size_t before = position_;
      take_space();
      if (position_ == before) read_token();
    }
    if (!open_.empty()) fail(fmt::format("unexpected end of template, expected '{}'", open_.back()));
    fail(fmt::format("unexpected end of template, expected '{}'", end == TokenType::block_end ? "%}" : "}}"));
  }

  bool read_end(TokenType end) {
    const std::string_view closing = end == TokenType::block_end ? "%}" : "}}";
    const char first = rest().front();
    const bool is_signed = first == '-' || (first == '+' && end == TokenType::block_end);
    if (!rest().substr(is_signed ? 1 : 0).starts_with(closing)) return false;
    tokens_.push_back({end, std::string(closing), line_});
    take(is_signed ? 3 : 2);
    if (end == TokenType::block_end) {
      finish_block(is_signed ? first : '\0');
    } else if (is_signed) {
      take_space();
    }
    return true;
  }

  void read_token() {
    const std::string_view text = rest();
    const char c = text.front();
    const bool after_dot = position_ > 0 && source_[position_ - 1] == '.';
    Token token{TokenType::symbol, "", line_};
    std::size_t size = 0;
    if (c >= '0' && c <= '9') {
      size = read_numeral(text, after_dot, token);
    } else if (c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (static_cast<unsigned char>(c) & 0x80) != 0) {
      token.type = TokenType::name;
      size = name_size(text);
    } else if (c == '"' || c == '\'') {
      size = read_quoted(text, token);
    } else {
      size = symbol_size(text);
      if (size == 0) fail(fmt::format("unexpected character '{}'", text.substr(0, unicode::offset_of(text, 1))));
      balance(text.substr(0, size));
    }
    if (token.type == TokenType::name || token.type == TokenType::symbol)
      token.text = std::string(text.substr(0, size));
    take(size);
    tokens_.push_back(std::move(token));
  }

  void balance(std::string_view symbol) {
    const char c = symbol.front();
    if (c == '(') open_ += ')';
    if (c == '[') open_ += ']';
    if (c == '{') open_ += '}';
    if (c != ')' && c != ']' && c != '}') return;
    if (open_.empty()) fail(fmt::format("unexpected '{}'", c));
    if (open_.back() != c) fail(fmt::format("unexpected '{}', expected '{}'", c, open_.back()));
    open_.pop_back();
  }

  std::string source_;
  std::size_t position_ = 0;
  int line_ = 1;
  bool line_starts_ = true;
  std::string open_;  ///< closing brackets that are due
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source) {
  if (const auto at = unicode::find_invalid(source)) {
    const auto line = 1 + std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(*at), '\n');
    throw SyntaxFault(static_cast<int>(line), "invalid UTF-8");
  }
  return Lexer(normalized(source)).run();
}

}  // namespace eft::jinja
