#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace eft::jinja {

/// Source that is no template. The compiler turns it into a DataError with the template's name.
class SyntaxFault : public std::runtime_error {
 public:
  SyntaxFault(int line, const std::string& what) : std::runtime_error(what), line_(line) {}
  int line() const { return line_; }

 private:
  int line_;
};

enum class TokenType {
  data,
  block_begin,
  block_end,
  variable_begin,
  variable_end,
  name,
  string,
  integer,
  real,
  symbol,
  end
};

struct Token {
  TokenType type;
  std::string text;  ///< data, names and symbols as written, strings without quotes and escapes
  int line;
  std::int64_t integer = 0;
  double real = 0;

  bool is(TokenType wanted, std::string_view wanted_text) const { return type == wanted && text == wanted_text; }
};

/// Cuts a template into tokens with trim_blocks and lstrip_blocks on, as chat templates are read. Throws SyntaxFault.
std::vector<Token> tokenize(std::string_view source);

}  // namespace eft::jinja
