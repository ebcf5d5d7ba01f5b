#include <map>

#include "text/jinja/syntax/parser.h"

namespace eft::jinja {
namespace {

/// Operators of equal rank that one level may chain, which bounds the depth of the tree.
constexpr int kMaxChain = 300;

void check_chain(int count, int line) {
  if (count > kMaxChain) throw SyntaxFault(line, fmt::format("expression of more than {} parts", kMaxChain));
}

}  // namespace

ExpressionPtr Parser::parse_expression(bool with_conditional) {
  check_depth(++depth_);
  auto value = with_conditional ? parse_conditional() : parse_or();
  --depth_;
  return value;
}

ExpressionPtr Parser::parse_conditional() {
  int line = current().line;
  auto value = parse_or();
  for (int count = 0; skip_name("if"); line = current().line) {
    auto node = std::make_unique<Conditional>(line);
    check_chain(++count, line);
    node->then = std::move(value);
    node->test = parse_or();
    if (skip_name("else")) {
      check_depth(++depth_);
      node->otherwise = parse_conditional();
      --depth_;
    }
    value = std::move(node);
  }
  return value;
}

ExpressionPtr Parser::parse_or() {
  const int line = current().line;
  auto value = parse_and();
  for (int count = 0; skip_name("or");) {
    check_chain(++count, line);
    auto right = parse_and();
    value = std::make_unique<Logical>(line, true, std::move(value), std::move(right));
  }
  return value;
}

ExpressionPtr Parser::parse_and() {
  const int line = current().line;
  auto value = parse_not();
  for (int count = 0; skip_name("and");) {
    check_chain(++count, line);
    auto right = parse_not();
    value = std::make_unique<Logical>(line, false, std::move(value), std::move(right));
  }
  return value;
}

ExpressionPtr Parser::parse_not() {
  const int line = current().line;
  if (!skip_name("not")) return parse_comparison();
  check_depth(++depth_);
  auto value = parse_not();
  --depth_;
  return std::make_unique<Unary>(line, Unary::Operator::logical_not, std::move(value));
}

ExpressionPtr Parser::parse_comparison() {
  static const std::map<std::string_view, Comparison> symbols = {
      {"==", Comparison::equal},      {"!=", Comparison::not_equal}, {"<", Comparison::less},
      {"<=", Comparison::less_equal}, {">", Comparison::greater},    {">=", Comparison::greater_equal}};
  const int line = current().line;
  auto first = parse_sum();
  auto chain = std::make_unique<Chain>(line);
  while (true) {
    const auto symbol = current().type == TokenType::symbol ? symbols.find(current().text) : symbols.end();
    if (symbol != symbols.end()) {
      take();
      chain->rest.emplace_back(symbol->second, parse_sum());
    } else if (skip_name("in")) {
      chain->rest.emplace_back(Comparison::in, parse_sum());
    } else if (is_name("not") && following().is(TokenType::name, "in")) {
      take();
      take();
      chain->rest.emplace_back(Comparison::not_in, parse_sum());
    } else {
      break;
    }
  }
  if (chain->rest.empty()) return first;
  chain->first = std::move(first);
  return chain;
}

ExpressionPtr Parser::parse_sum() {
  const int line = current().line;
  auto value = parse_concatenation();
  for (int count = 0; is_symbol("+") || is_symbol("-");) {
    const auto operation = take().text == "+" ? Arithmetic::add : Arithmetic::subtract;
    check_chain(++count, line);
    auto right = parse_concatenation();
    value = std::make_unique<Binary>(line, operation, std::move(value), std::move(right));
  }
  return value;
}

ExpressionPtr Parser::parse_concatenation() {
  const int line = current().line;
  auto first = parse_product();
  if (!is_symbol("~")) return first;
  auto node = std::make_unique<Concatenation>(line);
  node->parts.push_back(std::move(first));
  while (skip_symbol("~")) node->parts.push_back(parse_product());
  return node;
}

ExpressionPtr Parser::parse_product() {
  static const std::map<std::string_view, Arithmetic> symbols = {{"*", Arithmetic::multiply},
                                                                 {"/", Arithmetic::divide},
                                                                 {"//", Arithmetic::floor_divide},
                                                                 {"%", Arithmetic::modulo}};
  const int line = current().line;
  auto value = parse_power();
  for (int count = 0; current().type == TokenType::symbol;) {
    const auto symbol = symbols.find(current().text);
    if (symbol == symbols.end()) break;
    take();
    check_chain(++count, line);
    auto right = parse_power();
    value = std::make_unique<Binary>(line, symbol->second, std::move(value), std::move(right));
  }
  return value;
}

ExpressionPtr Parser::parse_power() {
  const int line = current().line;
  auto value = parse_unary();
  for (int count = 0; skip_symbol("**");) {
    check_chain(++count, line);
    auto right = parse_unary();
    value = std::make_unique<Binary>(line, Arithmetic::power, std::move(value), std::move(right));
  }
  return value;
}

ExpressionPtr Parser::parse_unary(bool with_filters) {
  const int line = current().line;
  check_depth(++depth_);
  ExpressionPtr value;
  if (skip_symbol("-")) {
    value = std::make_unique<Unary>(line, Unary::Operator::negative, parse_unary(false));
  } else if (skip_symbol("+")) {
    value = std::make_unique<Unary>(line, Unary::Operator::positive, parse_unary(false));
  } else {
    value = parse_primary();
  }
  value = parse_postfix(std::move(value));
  if (with_filters) value = parse_filters(std::move(value));
  --depth_;
  return value;
}

bool Parser::at_tuple_end(std::string_view end) const {
  if (current().type == TokenType::variable_end || current().type == TokenType::block_end || is_symbol(")"))
    return true;
  return !end.empty() && is_name(end);
}

ExpressionPtr Parser::parse_tuple(bool with_conditional, bool in_parentheses, std::string_view end) {
  const int line = current().line;
  std::vector<ExpressionPtr> items;
  bool is_tuple = false;
  while (!at_tuple_end(end)) {
    items.push_back(parse_expression(with_conditional));
    if (!skip_symbol(",")) break;
    is_tuple = true;
  }
  if (!is_tuple) {
    if (!items.empty()) return std::move(items.front());
    if (!in_parentheses) fail_expected("an expression");
  }
  return std::make_unique<SequenceDisplay>(line, Sequence::Flavor::tuple, std::move(items));
}

ArgumentList Parser::parse_arguments() {
  const int line = current().line;
  expect_symbol("(");
  ArgumentList list;
  bool first = true;
  while (!is_symbol(")")) {
    if (!first) expect_symbol(",");
    if (!first && is_symbol(")")) break;
    first = false;
    parse_argument(list, line);
  }
  expect_symbol(")");
  return list;
}

void Parser::parse_argument(ArgumentList& list, int line) {
  const auto ensure = [&](bool holds) {
    if (!holds) throw SyntaxFault(line, "invalid syntax for function call expression");
  };
  ensure(!list.double_star);
  if (skip_symbol("*")) {
    ensure(!list.star);
    list.star = parse_expression();
  } else if (skip_symbol("**")) {
    list.double_star = parse_expression();
  } else if (current().type == TokenType::name && following().is(TokenType::symbol, "=")) {
    std::string name = take().text;
    take();
    list.named.emplace_back(std::move(name), parse_expression());
  } else {
    ensure(!list.star && list.named.empty());
    list.positional.push_back(parse_expression());
  }
}

}  // namespace eft::jinja
