#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/jinja/syntax/lexer.h"
#include "text/jinja/syntax/statement.h"

namespace eft::jinja {

/// A template ready to run.
struct Program {
  Body body;
  std::unordered_map<std::string, int> names;  ///< numbers of the variables that the template mentions
};

/// Compiles a template. Throws SyntaxFault.
Program parse(std::string_view source);

/// Recursive descent over the tokens, grammar and precedence as in Jinja2. The expression half knows no statements.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Program run();

 private:
  using Tags = std::initializer_list<std::string_view>;

  // Tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& following() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  const Token& take();
  bool is_symbol(std::string_view text) const { return current().is(TokenType::symbol, text); }
  bool is_name(std::string_view text) const { return current().is(TokenType::name, text); }
  bool skip_symbol(std::string_view text);
  bool skip_name(std::string_view text);
  void expect_symbol(std::string_view text);
  void expect_name(std::string_view text);
  void expect_type(TokenType type);
  std::string take_name();
  [[noreturn]] void fail(std::string_view what) const;
  [[noreturn]] void fail_expected(std::string_view expected) const;
  int number_of(const std::string& name);
  /// Refuses nesting that could exhaust the stack.
  void check_depth(int depth) const;

  // Expressions.
  ExpressionPtr parse_expression(bool with_conditional = true);
  ExpressionPtr parse_conditional();
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_comparison();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_concatenation();
  ExpressionPtr parse_product();
  ExpressionPtr parse_power();
  ExpressionPtr parse_unary(bool with_filters = true);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_constant_or_name();
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_postfix(ExpressionPtr value);
  ExpressionPtr parse_filters(ExpressionPtr value);
  ExpressionPtr parse_filter_chain(ExpressionPtr value);
  ExpressionPtr parse_filter(ExpressionPtr value);
  ExpressionPtr parse_test(ExpressionPtr value);
  ExpressionPtr parse_member(ExpressionPtr value);
  ExpressionPtr parse_subscript(ExpressionPtr value);
  ExpressionPtr parse_slice(ExpressionPtr value, ExpressionPtr start, int line);
  /// One expression, or a tuple when commas follow. `end` is a name that ends it.
  ExpressionPtr parse_tuple(bool with_conditional = true, bool in_parentheses = false, std::string_view end = {});
  bool at_tuple_end(std::string_view end) const;
  ArgumentList parse_arguments();
  void parse_argument(ArgumentList& list, int line);

  // Statements.
  Body parse_body(Tags ends);
  /// Takes the rest of the opening tag, then a body; stops at one of `ends`, whose name it takes and gives.
  std::string parse_block(Body& body, Tags ends);
  StatementPtr parse_statement();
  StatementPtr parse_for();
  StatementPtr parse_if();
  StatementPtr parse_set();
  StatementPtr parse_with();
  StatementPtr parse_macro();
  StatementPtr parse_call_block();
  StatementPtr parse_capture(std::string_view end_tag, bool with_filter);
  StatementPtr parse_print();
  StatementPtr parse_jump();
  void parse_signature(MacroBody& macro);
  void parse_macro_body(MacroBody& macro, std::string_view end_tag);
  Target parse_target(bool with_attributes, std::string_view end = {});
  Target parse_single_target(bool with_attributes);
  void check_known(std::string_view kind, const std::string& name, bool known) const;

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  std::unordered_map<std::string, int> names_;
  int depth_ = 0;       ///< nesting of expressions
  int blocks_ = 0;      ///< nesting of statements
  int loops_ = 0;       ///< loops around the current place, inside one macro
  int conditions_ = 0;  ///< `if` blocks around it: an unknown filter there is an error only when it is reached
  std::vector<std::string> open_;  ///< names of the blocks around it
  unsigned special_ = 0;           ///< which of caller, kwargs, varargs the current macro reads
};

}  // namespace eft::jinja
