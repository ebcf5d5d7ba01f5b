#include <algorithm>

#include "text/jinja/syntax/parser.h"

namespace eft::jinja {
namespace {

constexpr unsigned kReadsCaller = 1;
constexpr unsigned kReadsKwargs = 2;
constexpr unsigned kReadsVarargs = 4;

}  // namespace

Body Parser::parse_body(Tags ends) {
  Body body;
  check_depth(++blocks_);
  while (current().type != TokenType::end) {
    const Token& token = current();
    if (token.type == TokenType::data) {
      take();
      body.push_back(std::make_unique<Data>(token.line, token.text));
    } else if (token.type == TokenType::variable_begin) {
      take();
      body.push_back(std::make_unique<Output>(token.line, parse_tuple()));
      expect_type(TokenType::variable_end);
    } else {
      take();
      if (current().type == TokenType::name && std::find(ends.begin(), ends.end(), current().text) != ends.end()) break;
      body.push_back(parse_statement());
      expect_type(TokenType::block_end);
    }
  }
  --blocks_;
  return body;
}

std::string Parser::parse_block(Body& body, Tags ends) {
  skip_symbol(":");
  expect_type(TokenType::block_end);
  open_.emplace_back(*(ends.end() - 1));
  body = parse_body(ends);
  if (current().type == TokenType::end) fail_expected(fmt::format("'{{% {} %}}'", open_.back()));
  open_.pop_back();
  return take().text;
}

StatementPtr Parser::parse_statement() {
  if (current().type != TokenType::name) fail_expected("a tag name");
  const std::string& tag = current().text;
  if (tag == "for") return parse_for();
  if (tag == "if") return parse_if();
  if (tag == "set") return parse_set();
  if (tag == "with") return parse_with();
  if (tag == "macro") return parse_macro();
  if (tag == "call") return parse_call_block();
  if (tag == "filter") return parse_capture("endfilter", true);
  if (tag == "generation") return parse_capture("endgeneration", false);
  if (tag == "print") return parse_print();
  if (tag == "break" || tag == "continue") return parse_jump();
  for (std::string_view outside : {"include", "import", "from", "extends", "block", "autoescape"}) {
    if (tag == outside) fail(fmt::format("tag '{}' is not available in chat templates", tag));
  }
  if (open_.empty()) fail(fmt::format("unknown tag '{}'", tag));
  fail(fmt::format("unknown tag '{}', expected '{}' or a statement", tag, open_.back()));
}

StatementPtr Parser::parse_for() {
  auto node = std::make_unique<For>(take().line);
  node->target = parse_target(false, "in");
  expect_name("in");
  node->iterable = parse_tuple(false, false, "recursive");
  if (skip_name("if")) node->filter = parse_expression();
  node->recursive = skip_name("recursive");
  node->loop_id = number_of("loop");
  ++loops_;
  const std::string end = parse_block(node->body, {"else", "endfor"});
  --loops_;
  if (end == "else") parse_block(node->otherwise, {"endfor"});
  return node;
}

StatementPtr Parser::parse_if() {
  auto node = std::make_unique<If>(current().line);
  ++conditions_;
  std::string tag = take().text;
  while (tag != "endif") {
    If::Branch branch{current().line, nullptr, {}};
    const bool is_else = tag == "else";
    if (!is_else) branch.test = parse_tuple(false);
    tag = is_else ? parse_block(branch.body, {"endif"}) : parse_block(branch.body, {"elif", "else", "endif"});
    node->branches.push_back(std::move(branch));
  }
  --conditions_;
  return node;
}

StatementPtr Parser::parse_set() {
  const int line = take().line;
  Target target = parse_target(true);
  if (skip_symbol("=")) {
    auto value = parse_tuple();
    return std::make_unique<Set>(line, std::move(target), std::move(value));
  }
  auto node = std::make_unique<Capture>(line);
  node->target = std::move(target);
  if (is_symbol("|")) node->filters = parse_filter_chain(std::make_unique<BlockText>(line));
  parse_block(node->body, {"endset"});
  return node;
}

StatementPtr Parser::parse_with() {
  auto node = std::make_unique<With>(take().line);
  while (current().type != TokenType::block_end) {
    if (!node->variables.empty()) expect_symbol(",");
    Target target = parse_target(false);
    expect_symbol("=");
    node->variables.emplace_back(std::move(target), parse_expression());
  }
  parse_block(node->body, {"endwith"});
  return node;
}

void Parser::parse_signature(MacroBody& macro) {
  expect_symbol("(");
  while (!is_symbol(")")) {
    if (!macro.parameters.empty()) expect_symbol(",");
    std::string name = take_name();
    const int id = number_of(name);
    MacroBody::Parameter parameter{id, std::move(name), nullptr};
    if (skip_symbol("=")) {
      parameter.otherwise = parse_expression();
    } else if (!macro.parameters.empty() && macro.parameters.back().otherwise) {
      fail("non-default argument follows default argument");
    }
    macro.parameters.push_back(std::move(parameter));
  }
  expect_symbol(")");
}

void Parser::parse_macro_body(MacroBody& macro, std::string_view end_tag) {
  const unsigned outer = std::exchange(special_, 0);
  const int loops = std::exchange(loops_, 0);
  parse_block(macro.body, {end_tag});
  if ((special_ & kReadsCaller) != 0) macro.caller_id = number_of("caller");
  if ((special_ & kReadsKwargs) != 0) macro.kwargs_id = number_of("kwargs");
  if ((special_ & kReadsVarargs) != 0) macro.varargs_id = number_of("varargs");
  for (const auto& parameter : macro.parameters) {
    if (parameter.name == "kwargs") macro.kwargs_id = -1;
    if (parameter.name == "varargs") macro.varargs_id = -1;
  }
  special_ = outer;
  loops_ = loops;
}

StatementPtr Parser::parse_macro() {
  auto node = std::make_unique<Macro>(take().line);
  node->macro.name = take_name();
  node->id = number_of(node->macro.name);
  parse_signature(node->macro);
  parse_macro_body(node->macro, "endmacro");
  return node;
}

StatementPtr Parser::parse_call_block() {
  auto node = std::make_unique<CallBlock>(take().line);
  if (is_symbol("(")) parse_signature(node->caller);
  auto call = parse_expression();
  const auto* plain = dynamic_cast<const Call*>(call.get());
  if (plain == nullptr) throw SyntaxFault(node->line, "unexpected expression in a call block, expected a call");
  call.release();
  node->call.reset(plain);
  node->caller.name = "caller";
  // The names a call block reads count for the macro around it, too.
  const unsigned before = special_;
  parse_macro_body(node->caller, "endcall");
  special_ = before;
  node->caller.caller_id = -1;
  return node;
}

StatementPtr Parser::parse_capture(std::string_view end_tag, bool with_filter) {
  auto node = std::make_unique<Capture>(take().line);
  if (with_filter) node->filters = parse_filter_chain(parse_filter(std::make_unique<BlockText>(node->line)));
  parse_block(node->body, {end_tag});
  return node;
}

StatementPtr Parser::parse_print() {
  const int line = take().line;
  auto joined = std::make_unique<Concatenation>(line);
  while (current().type != TokenType::block_end) {
    if (!joined->parts.empty()) expect_symbol(",");
    joined->parts.push_back(parse_expression());
  }
  return std::make_unique<Output>(line, std::move(joined));
}

StatementPtr Parser::parse_jump() {
  if (loops_ == 0) fail(fmt::format("'{}' outside a loop", current().text));
  const Token& token = take();
  return std::make_unique<Jump>(token.line, token.text == "break" ? Flow::leave : Flow::again);
}

Target Parser::parse_single_target(bool with_attributes) {
  check_depth(++depth_);
  Target target;
  if (skip_symbol("(") || is_symbol("[")) {
    const bool brackets = skip_symbol("[");
    target = parse_target(with_attributes, "");
    if (target.kind != Target::Kind::tuple && brackets) target = Target{.kind = Target::Kind::tuple, .parts = {target}};
    expect_symbol(brackets ? "]" : ")");
    --depth_;
    return target;
  }
  --depth_;
  const std::string name = take_name();
  for (std::string_view constant : {"true", "false", "none", "True", "False", "None"}) {
    if (name == constant) fail("can't assign to a constant");
  }
  target.id = number_of(name);
  if (with_attributes && skip_symbol(".")) {
    target.kind = Target::Kind::attribute;
    target.attribute = take_name();
  }
  return target;
}

Target Parser::parse_target(bool with_attributes, std::string_view end) {
  Target first = parse_single_target(with_attributes);
  if (!is_symbol(",")) return first;
  Target tuple{.kind = Target::Kind::tuple};
  tuple.parts.push_back(std::move(first));
  while (skip_symbol(",")) {
    if (at_tuple_end(end) || is_symbol("=") || is_symbol("]")) break;
    tuple.parts.push_back(parse_single_target(with_attributes));
  }
  return tuple;
}

}  // namespace eft::jinja
