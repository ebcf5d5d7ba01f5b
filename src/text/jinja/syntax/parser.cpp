#include "text/jinja/syntax/parser.h"

namespace eft::jinja {
namespace {

constexpr int kMaxNesting = 60;

std::string describe(const Token& token) {
  switch (token.type) {
    case TokenType::end:
      return "end of the template";
    case TokenType::data:
      return "text";
    case TokenType::string:
      return fmt::format("string '{}'", token.text);
    case TokenType::integer:
      return fmt::format("{}", token.integer);
    case TokenType::real:
      return fmt::format("{}", token.real);
    default:
      return fmt::format("'{}'", token.text);
  }
}

}  // namespace

Program parse(std::string_view source) { return Parser(tokenize(source)).run(); }

Program Parser::run() {
  Program program;
  program.body = parse_body({});
  program.names = std::move(names_);
  return program;
}

const Token& Parser::take() { return at_ + 1 < tokens_.size() ? tokens_[at_++] : tokens_.back(); }

bool Parser::skip_symbol(std::string_view text) {
  if (!is_symbol(text)) return false;
  take();
  return true;
}

bool Parser::skip_name(std::string_view text) {
  if (!is_name(text)) return false;
  take();
  return true;
}

void Parser::expect_symbol(std::string_view text) {
  if (!skip_symbol(text)) fail_expected(fmt::format("'{}'", text));
}

void Parser::expect_name(std::string_view text) {
  if (!skip_name(text)) fail_expected(fmt::format("'{}'", text));
}

void Parser::expect_type(TokenType type) {
  if (current().type != type) fail_expected(type == TokenType::block_end ? "'%}'" : "'}}'");
  take();
}

std::string Parser::take_name() {
  if (current().type != TokenType::name) fail_expected("a name");
  return take().text;
}

void Parser::fail(std::string_view what) const { throw SyntaxFault(current().line, std::string(what)); }

void Parser::fail_expected(std::string_view expected) const {
  fail(fmt::format("unexpected {}, expected {}", describe(current()), expected));
}

int Parser::number_of(const std::string& name) {
  return names_.try_emplace(name, static_cast<int>(names_.size())).first->second;
}

void Parser::check_depth(int depth) const {
  if (depth > kMaxNesting) fail(fmt::format("nested deeper than {} levels", kMaxNesting));
}

void Parser::check_known(std::string_view kind, const std::string& name, bool known) const {
  if (!known && conditions_ == 0) fail(fmt::format("No {} named '{}'.", kind, name));
}

}  // namespace eft::jinja
