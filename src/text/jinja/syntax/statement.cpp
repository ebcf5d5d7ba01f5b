#include "text/jinja/syntax/statement.h"

#include "text/jinja/values/print.h"

namespace eft::jinja {

Flow run_body(const Body& body, Render& render, const ScopePtr& scope, std::string& out) {
  for (const auto& statement : body) {
    render.step();
    render.line = statement->line;
    const Flow flow = statement->run(render, scope, out);
    if (flow != Flow::next) return flow;
  }
  return Flow::next;
}

void Target::check(const ScopePtr& scope) const {
  for (const auto& part : parts) part.check(scope);
  if (kind != Kind::attribute) return;
  const Value* owner = scope->find(id);
  if (owner == nullptr || owner->kind() != jinja::Kind::name_space) {
    throw Fault("cannot assign attribute on non-namespace object");
  }
}

void Target::assign(Render& render, const ScopePtr& scope, const Value& value) const {
  switch (kind) {
    case Kind::name:
      scope->set(id, value);
      return;
    case Kind::attribute: {
      const auto space = scope->find(id)->name_space();
      space->set(attribute, value);
      return;
    }
    case Kind::tuple:
      break;
  }
  const auto items = iterate(value);
  if (items->items.size() < parts.size()) {
    throw Fault("not enough values to unpack (expected {}, got {})", parts.size(), items->items.size());
  }
  if (items->items.size() > parts.size()) throw Fault("too many values to unpack (expected {})", parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i].assign(render, scope, items->items[i]);
}

Flow Data::run(Render&, const ScopePtr&, std::string& out) const {
  out += text;
  if (out.size() > kMaxText) throw Fault("text of more than {} bytes", kMaxText);
  return Flow::next;
}

Flow Output::run(Render& render, const ScopePtr& scope, std::string& out) const {
  append_text(out, value->evaluate(render, scope));
  return Flow::next;
}

Flow If::run(Render& render, const ScopePtr& scope, std::string& out) const {
  for (const auto& branch : branches) {
    render.line = branch.line;
    if (!branch.test || truth(branch.test->evaluate(render, scope))) return run_body(branch.body, render, scope, out);
  }
  return Flow::next;
}

Flow Set::run(Render& render, const ScopePtr& scope, std::string&) const {
  target.check(scope);
  target.assign(render, scope, value->evaluate(render, scope));
  return Flow::next;
}

Flow Capture::run(Render& render, const ScopePtr& scope, std::string& out) const {
  std::string text;
  const Flow flow = run_body(body, render, std::make_shared<Scope>(Scope{scope}), text);
  if (flow != Flow::next) return flow;
  render.line = line;
  Value result = make_string(std::move(text));
  if (filters) {
    render.block_text = std::move(result);
    result = filters->evaluate(render, scope);
  }
  if (target) {
    target->check(scope);
    target->assign(render, scope, result);
  } else {
    if (filters && !result.is_string()) {
      throw Fault("filter block: expected str instance, {} found", type_name(result));
    }
    append_text(out, result);
  }
  return Flow::next;
}

Flow With::run(Render& render, const ScopePtr& scope, std::string& out) const {
  const auto inner = std::make_shared<Scope>(Scope{scope});
  for (const auto& [target, value] : variables) target.assign(render, inner, value->evaluate(render, scope));
  return run_body(body, render, inner, out);
}

Flow Macro::run(Render& render, const ScopePtr& scope, std::string&) const {
  scope->set(id, macro.bind(render, scope));
  return Flow::next;
}

Flow CallBlock::run(Render& render, const ScopePtr& scope, std::string& out) const {
  append_text(out, call->evaluate_with(render, scope, caller.bind(render, scope)));
  return Flow::next;
}

}  // namespace eft::jinja
