#include "text/jinja/render.h"

namespace eft::jinja {

const Value* Scope::find(int id) const {
  for (const Scope* scope = this; scope != nullptr; scope = scope->parent.get()) {
    for (const auto& [name, value] : scope->variables) {
      if (name == id) return &value;
    }
  }
  return nullptr;
}

void Scope::set(int id, Value value) {
  for (auto& [name, held] : variables) {
    if (name == id) {
      held = std::move(value);
      return;
    }
  }
  variables.emplace_back(id, std::move(value));
}

Render::~Render() {
  block_text = {};
  for (auto& scope : captured) scope->variables.clear();
  for (auto& space : spaces) space->attributes.clear();
}

void Render::step() {
  if (++steps > kMaxSteps) throw Fault("template takes more than {} steps", kMaxSteps);
}

CallGuard::CallGuard(Render& render) : render_(render) {
  if (render.calls >= kMaxCalls)
    throw Fault("maximum recursion depth exceeded: macros call each other {} deep", kMaxCalls);
  ++render.calls;
}

}  // namespace eft::jinja
