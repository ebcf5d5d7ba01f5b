#include "text/jinja/template.h"

#include <algorithm>

#include "base/error.h"
#include "text/jinja/syntax/parser.h"
#include "text/jinja/values/text_budget.h"

namespace eft::jinja {
namespace {

/// Errors are one line, whatever a template raises.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace

Template::Template(std::string name, std::string_view source) : name_(std::move(name)) {
  try {
    program_ = std::make_shared<const Program>(parse(source));
  } catch (const SyntaxFault& fault) {
    throw DataError("{}:{}: {}", name_, fault.line(), one_line(fault.what()));
  }
}

std::string Template::render(const Variables& variables) const {
  const TextBudget budget;
  Render render;
  const auto scope = std::make_shared<Scope>();
  for (const auto& [name, value] : variables) {
    const auto found = program_->names.find(name);
    if (found != program_->names.end()) scope->set(found->second, value);
  }
  std::string out;
  try {
    run_body(program_->body, render, scope, out);
  } catch (const Fault& fault) {
    throw DataError("{}:{}: {}", name_, render.line, one_line(fault.what()));
  }
  return out;
}

}  // namespace eft::jinja
