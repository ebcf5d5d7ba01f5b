#include <algorithm>

#include "text/jinja/values/print.h"
#include "text/jinja/syntax/statement.h"

namespace eft::jinja {

Value MacroBody::bind(Render& render, const ScopePtr& scope) const {
  if (render.captured.empty() || render.captured.back() != scope) render.captured.push_back(scope);
  auto function = [this, scope](Render& caller, const Arguments& arguments) { return call(caller, scope, arguments); };
  return std::make_shared<const Callable>(
      Callable{.label = fmt::format("<Macro {}>", name.empty() ? "anonymous" : "'" + name + "'"), .call = function});
}

Value MacroBody::call(Render& render, const ScopePtr& scope, const Arguments& arguments) const {
  const CallGuard guard(render);
  const int line_before = render.line;
  const auto inner = std::make_shared<Scope>(Scope{scope});
  pass(render, inner, arguments);
  std::string out;
  run_body(body, render, inner, out);
  render.line = line_before;
  return make_string(std::move(out));
}

void MacroBody::pass(Render& render, const ScopePtr& inner, const Arguments& arguments) const {
  auto named = arguments.named;
  std::vector<std::optional<Value>> values(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (i < arguments.positional.size()) {
      values[i] = arguments.positional[i];
      continue;
    }
    const auto found =
        std::find_if(named.begin(), named.end(), [&](const auto& entry) { return entry.first == parameters[i].name; });
    if (found == named.end()) continue;
    values[i] = std::move(found->second);
    named.erase(found);
  }
  pass_rest(*inner, std::move(named), arguments);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (values[i]) {
      inner->set(parameters[i].id, *std::move(values[i]));
    }
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& parameter = parameters[i];
    if (i < arguments.positional.size() || values[i]) continue;
    inner->set(parameter.id, parameter.otherwise
                                 ? parameter.otherwise->evaluate(render, inner)
                                 : undefined_hint(fmt::format("parameter '{}' was not provided", parameter.name)));
  }
}

void MacroBody::pass_rest(Scope& inner, std::vector<std::pair<std::string, Value>> named,
                          const Arguments& arguments) const {
  const bool takes_caller =
      std::any_of(parameters.begin(), parameters.end(), [](const auto& p) { return p.name == "caller"; });
  if (caller_id >= 0 && !takes_caller) {
    const auto found = std::find_if(named.begin(), named.end(), [](const auto& e) { return e.first == "caller"; });
    inner.set(caller_id, found != named.end() ? found->second : undefined_hint("No caller defined"));
    if (found != named.end()) named.erase(found);
  }
  if (kwargs_id >= 0) {
    std::vector<std::pair<Value, Value>> entries;
    for (auto& [key, value] : named) entries.emplace_back(key, std::move(value));
    inner.set(kwargs_id, make_dict(std::move(entries)));
  } else if (!named.empty()) {
    throw Fault("macro '{}' takes no keyword argument '{}'", name, named.front().first);
  }
  const auto& positional = arguments.positional;
  if (varargs_id >= 0) {
    const auto used = static_cast<std::ptrdiff_t>(std::min(parameters.size(), positional.size()));
    inner.set(varargs_id, make_sequence({positional.begin() + used, positional.end()}, Sequence::Flavor::tuple));
  } else if (positional.size() > parameters.size()) {
    throw Fault("macro '{}' takes not more than {} argument(s)", name, parameters.size());
  }
}

}  // namespace eft::jinja
