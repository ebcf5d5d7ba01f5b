#include "text/jinja/syntax/parser.h"

namespace eft::jinja {
namespace {

constexpr int kMaxPostfix = 200;

void check_count(int count, int line) {
  if (count > kMaxPostfix)
    throw SyntaxFault(line, fmt::format("more than {} subscripts, calls or filters", kMaxPostfix));
}

}  // namespace

ExpressionPtr Parser::parse_primary() {
  const Token& token = current();
  switch (token.type) {
    case TokenType::name:
      return parse_constant_or_name();
    case TokenType::integer:
      return std::make_unique<Constant>(token.line, Value(take().integer));
    case TokenType::real:
      return std::make_unique<Constant>(token.line, Value(take().real));
    case TokenType::string: {
      std::string text;
      while (current().type == TokenType::string) text += take().text;
      return std::make_unique<Constant>(token.line, Value(std::move(text)));
    }
    default:
      break;
  }
  if (is_symbol("[")) return parse_list();
  if (is_symbol("{")) return parse_dict();
  if (!skip_symbol("(")) fail_expected("an expression");
  auto value = parse_tuple(true, true);
  expect_symbol(")");
  return value;
}

ExpressionPtr Parser::parse_constant_or_name() {
  const int line = current().line;
  const std::string name = take().text;
  if (name == "true" || name == "True") return std::make_unique<Constant>(line, Value(true));
  if (name == "false" || name == "False") return std::make_unique<Constant>(line, Value(false));
  if (name == "none" || name == "None") return std::make_unique<Constant>(line, Value(Value::None{}));
  if (name == "caller") special_ |= 1U;
  if (name == "kwargs") special_ |= 2U;
  if (name == "varargs") special_ |= 4U;
  return std::make_unique<Name>(line, name, number_of(name));
}

ExpressionPtr Parser::parse_list() {
  const int line = current().line;
  expect_symbol("[");
  std::vector<ExpressionPtr> items;
  while (!is_symbol("]")) {
    items.push_back(parse_expression());
    if (!skip_symbol(",")) break;
  }
  expect_symbol("]");
  return std::make_unique<SequenceDisplay>(line, Sequence::Flavor::list, std::move(items));
}

ExpressionPtr Parser::parse_dict() {
  auto node = std::make_unique<DictDisplay>(current().line);
  expect_symbol("{");
  while (!is_symbol("}")) {
    auto key = parse_expression();
    expect_symbol(":");
    node->entries.emplace_back(std::move(key), parse_expression());
    if (!skip_symbol(",")) break;
  }
  expect_symbol("}");
  return node;
}

ExpressionPtr Parser::parse_postfix(ExpressionPtr value) {
  for (int count = 0;; ++count) {
    const int line = current().line;
    check_count(count, line);
    if (is_symbol(".")) {
      value = parse_member(std::move(value));
    } else if (is_symbol("[")) {
      value = parse_subscript(std::move(value));
    } else if (is_symbol("(")) {
      auto arguments = parse_arguments();
      value = std::make_unique<Call>(line, std::move(value), std::move(arguments));
    } else {
      return value;
    }
  }
}

ExpressionPtr Parser::parse_member(ExpressionPtr value) {
  const int line = take().line;
  if (current().type == TokenType::integer) {
    auto key = std::make_unique<Constant>(line, Value(take().integer));
    return std::make_unique<Item>(line, std::move(value), std::move(key));
  }
  if (current().type != TokenType::name) fail_expected("a name or number behind '.'");
  return std::make_unique<Attribute>(line, std::move(value), take().text);
}

ExpressionPtr Parser::parse_subscript(ExpressionPtr value) {
  const int line = take().line;
  if (is_symbol(":")) return parse_slice(std::move(value), nullptr, line);
  auto key = parse_expression();
  if (is_symbol(":")) return parse_slice(std::move(value), std::move(key), line);
  if (is_symbol(",")) {
    std::vector<ExpressionPtr> parts;
    parts.push_back(std::move(key));
    while (skip_symbol(",")) parts.push_back(parse_expression());
    key = std::make_unique<SequenceDisplay>(line, Sequence::Flavor::tuple, std::move(parts));
  }
  expect_symbol("]");
  return std::make_unique<Item>(line, std::move(value), std::move(key));
}

ExpressionPtr Parser::parse_slice(ExpressionPtr value, ExpressionPtr start, int line) {
  auto node = std::make_unique<Slice>(line);
  node->object = std::move(value);
  node->start = std::move(start);
  expect_symbol(":");
  if (!is_symbol(":") && !is_symbol("]")) node->stop = parse_expression();
  if (skip_symbol(":") && !is_symbol("]")) node->step = parse_expression();
  expect_symbol("]");
  return node;
}

ExpressionPtr Parser::parse_filters(ExpressionPtr value) {
  for (int count = 0;; ++count) {
    const int line = current().line;
    check_count(count, line);
    if (is_symbol("|")) {
      take();
      value = parse_filter(std::move(value));
    } else if (is_name("is")) {
      value = parse_test(std::move(value));
    } else if (is_symbol("(")) {
      auto arguments = parse_arguments();
      value = std::make_unique<Call>(line, std::move(value), std::move(arguments));
    } else {
      return value;
    }
  }
}

ExpressionPtr Parser::parse_filter_chain(ExpressionPtr value) {
  for (int count = 0; skip_symbol("|"); ++count) {
    check_count(count, current().line);
    value = parse_filter(std::move(value));
  }
  return value;
}

ExpressionPtr Parser::parse_filter(ExpressionPtr value) {
  const int line = current().line;
  std::string name = take_name();
  while (skip_symbol(".")) name += "." + take_name();
  check_known("filter", name, find_filter(name) != nullptr);
  auto arguments = is_symbol("(") ? parse_arguments() : ArgumentList{};
  return std::make_unique<Filtered>(line, std::move(name), std::move(value), std::move(arguments));
}

ExpressionPtr Parser::parse_test(ExpressionPtr value) {
  const int line = take().line;
  const bool negated = skip_name("not");
  std::string name = take_name();
  while (skip_symbol(".")) name += "." + take_name();
  check_known("test", name, find_test(name) != nullptr);
  ArgumentList arguments;
  const TokenType type = current().type;
  const bool ends = is_name("else") || is_name("or") || is_name("and");
  const bool starts = type == TokenType::name || type == TokenType::string || type == TokenType::integer ||
                      type == TokenType::real || is_symbol("[") || is_symbol("{");
  if (is_symbol("(")) {
    arguments = parse_arguments();
  } else if (starts && !ends) {
    if (is_name("is")) fail("You cannot chain multiple tests with is");
    check_depth(++depth_);
    arguments.positional.push_back(parse_postfix(parse_primary()));
    --depth_;
  }
  ExpressionPtr node = std::make_unique<Tested>(line, std::move(name), std::move(value), std::move(arguments));
  if (!negated) return node;
  return std::make_unique<Unary>(line, Unary::Operator::logical_not, std::move(node));
}

}  // namespace eft::jinja
