#include "text/jinja/syntax/expression.h"

#include "text/jinja/builtins/methods.h"
#include "text/jinja/values/print.h"

namespace eft::jinja {
namespace {

Value evaluate_or_none(const ExpressionPtr& expression, Render& render, const ScopePtr& scope) {
  return expression ? expression->evaluate(render, scope) : Value(Value::None{});
}

}  // namespace

Arguments ArgumentList::evaluate(Render& render, const ScopePtr& scope) const {
  Arguments result;
  result.positional.reserve(positional.size());
  for (const auto& argument : positional) result.positional.push_back(argument->evaluate(render, scope));
  for (const auto& [name, argument] : named) result.named.emplace_back(name, argument->evaluate(render, scope));
  if (star) {
    const auto more = iterate(star->evaluate(render, scope));
    result.positional.insert(result.positional.end(), more->items.begin(), more->items.end());
  }
  if (double_star) {
    const Value names = double_star->evaluate(render, scope);
    if (!names.is_dict()) throw Fault("argument after ** must be a mapping, not {}", type_name(names));
    for (const auto& [name, value] : names.dict().entries) {
      if (!name.is_string()) throw Fault("keywords must be strings");
      result.named.emplace_back(name.string(), value);
    }
  }
  return result;
}

Name::Name(int at_line, std::string text, int number)
    : Expression(at_line), name(std::move(text)), id(number), otherwise(find_global(name)) {
  if (otherwise.is_undefined()) otherwise = undefined_name(name);
}

Value Name::evaluate(Render&, const ScopePtr& scope) const {
  const Value* found = scope->find(id);
  return found != nullptr ? *found : otherwise;
}

Value Unary::evaluate(Render& render, const ScopePtr& scope) const {
  const Value value = operand->evaluate(render, scope);
  switch (operation) {
    case Operator::logical_not:
      return !truth(value);
    case Operator::negative:
      return negate(value);
    case Operator::positive:
      break;
  }
  if (value.is_undefined()) return calculate(Arithmetic::add, value, value);
  if (value.is_boolean()) return value.integer();
  if (!number_of(value)) throw Fault("bad operand type for unary +: '{}'", type_name(value));
  return value;
}

Value Binary::evaluate(Render& render, const ScopePtr& scope) const {
  const Value a = left->evaluate(render, scope);
  return calculate(operation, a, right->evaluate(render, scope));
}

Value Logical::evaluate(Render& render, const ScopePtr& scope) const {
  Value value = left->evaluate(render, scope);
  return truth(value) == is_or ? value : right->evaluate(render, scope);
}

Value Concatenation::evaluate(Render& render, const ScopePtr& scope) const {
  std::string out;
  for (const auto& part : parts) append_text(out, part->evaluate(render, scope));
  return make_string(std::move(out));
}

Value Chain::evaluate(Render& render, const ScopePtr& scope) const {
  Value left = first->evaluate(render, scope);
  for (const auto& [comparison, operand] : rest) {
    Value right = operand->evaluate(render, scope);
    if (!compare(comparison, left, right)) return false;
    left = std::move(right);
  }
  return true;
}

Value Conditional::evaluate(Render& render, const ScopePtr& scope) const {
  if (truth(test->evaluate(render, scope))) return then->evaluate(render, scope);
  if (otherwise) return otherwise->evaluate(render, scope);
  return undefined_hint(
      fmt::format("the inline if-expression on line {} evaluated to false and no else section was defined.", line));
}

Value SequenceDisplay::evaluate(Render& render, const ScopePtr& scope) const {
  std::vector<Value> values;
  values.reserve(items.size());
  for (const auto& item : items) values.push_back(item->evaluate(render, scope));
  return make_sequence(std::move(values), flavor);
}

Value DictDisplay::evaluate(Render& render, const ScopePtr& scope) const {
  std::vector<std::pair<Value, Value>> values;
  for (const auto& [key, value] : entries) {
    const Value name = key->evaluate(render, scope);
    put(values, name, value->evaluate(render, scope));
  }
  return make_dict(std::move(values));
}

Value Attribute::evaluate(Render& render, const ScopePtr& scope) const {
  return attribute_of(object->evaluate(render, scope), name, name_value);
}

Value Item::evaluate(Render& render, const ScopePtr& scope) const {
  const Value owner = object->evaluate(render, scope);
  return item_of(owner, key->evaluate(render, scope));
}

Value Slice::evaluate(Render& render, const ScopePtr& scope) const {
  const Value owner = object->evaluate(render, scope);
  const Value from = evaluate_or_none(start, render, scope);
  const Value to = evaluate_or_none(stop, render, scope);
  return slice_of(owner, from, to, evaluate_or_none(step, render, scope));
}

Value Call::evaluate(Render& render, const ScopePtr& scope) const { return evaluate_with(render, scope, {}); }

Value Call::evaluate_with(Render& render, const ScopePtr& scope, const Value& caller) const {
  render.step();
  const auto give_arguments = [&] {
    Arguments given = arguments.evaluate(render, scope);
    if (!caller.is_undefined()) given.named.emplace_back("caller", caller);
    return given;
  };
  // A method of a string or a dict, the most frequent call, needs no bound object.
  if (member != nullptr) {
    const Value object = member->object->evaluate(render, scope);
    const bool plain = object.is_string() || object.is_dict();
    const Method method = plain ? find_method(object, member->name) : nullptr;
    if (method != nullptr) return method(render, object, give_arguments());
    const Value function = attribute_of(object, member->name, member->name_value);
    return call_value(render, function, give_arguments());
  }
  const Value function = callee->evaluate(render, scope);
  return call_value(render, function, give_arguments());
}

Value Filtered::evaluate(Render& render, const ScopePtr& scope) const {
  render.step();
  if (filter == nullptr) throw Fault("No filter named '{}' found.", name);
  const Value input = operand->evaluate(render, scope);
  return filter(render, input, arguments.evaluate(render, scope));
}

Value Tested::evaluate(Render& render, const ScopePtr& scope) const {
  if (test == nullptr) throw Fault("No test named '{}' found.", name);
  const Value input = operand->evaluate(render, scope);
  return test(render, input, arguments.evaluate(render, scope));
}

Value call_value(Render& render, const Value& callee, const Arguments& arguments) {
  if (callee.kind() == Kind::callable) return callee.callable().call(render, arguments);
  if (callee.kind() == Kind::loop) {
    if (!callee.loop()->recurse) throw Fault("The loop must have the 'recursive' marker to be called recursively.");
    return callee.loop()->recurse(render, arguments);
  }
  if (callee.is_undefined()) throw Fault("{}", callee.missing() ? callee.missing()->message() : "value is undefined");
  throw Fault("'{}' object is not callable", type_name(callee));
}

}  // namespace eft::jinja
