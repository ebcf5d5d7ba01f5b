#pragma once

#include <cstddef>
#include <string_view>

#include "text/jinja/syntax/lexer.h"

/// The words of an expression. All take the text from where a token starts and give its length in bytes.
namespace eft::jinja {

std::size_t name_size(std::string_view text);
/// 0 when there is no operator or bracket here.
std::size_t symbol_size(std::string_view text);
/// Fills an integer or real token. Throws SyntaxFault when it does not fit 64 bits.
std::size_t read_numeral(std::string_view text, bool after_dot, Token& token);
/// Fills a string token. Throws SyntaxFault without a closing quote or for a broken escape.
std::size_t read_quoted(std::string_view text, Token& token);

}  // namespace eft::jinja
