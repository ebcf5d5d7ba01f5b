#include "text/jinja/values/value.h"

#include <algorithm>

#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/values/text_budget.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

int depth_of(const Value& value) {
  if (value.is_sequence()) return value.sequence()->depth;
  return value.is_dict() ? value.dict().depth : 0;
}

int bounded_depth(int below) {
  if (below + 1 > kMaxDepth) throw Fault("value is nested deeper than {} levels", kMaxDepth);
  return below + 1;
}

void check_count(std::size_t count) {
  if (count > kMaxItems) throw Fault("sequence of {} items, expected at most {}", count, kMaxItems);
  TextBudget::charge(count * sizeof(Value));
}

}  // namespace

const void* Value::identity() const {
  return std::visit(
      [](const auto& held) -> const void* {
        if constexpr (requires { held.get(); }) {
          return held.get();
        } else {
          return nullptr;
        }
      },
      data_);
}

std::string Missing::message() const {
  if (!hint.empty()) return hint;
  if (owner.empty()) return fmt::format("{} is undefined", repr(name));
  if (!name.is_string()) return fmt::format("{} has no element {}", owner, repr(name));
  return fmt::format("'{}' has no attribute {}", owner, repr(name));
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.is_string() && name.string() == key) return &value;
  }
  return nullptr;
}

const Value* Dict::find(const Value& key) const {
  if (key.is_string()) return find(std::string_view(key.string()));
  for (const auto& [name, value] : entries) {
    if (equal(name, key)) return &value;
  }
  return nullptr;
}

const Value* Namespace::find(std::string_view name) const {
  for (const auto& [key, value] : attributes) {
    if (key == name) return &value;
  }
  return nullptr;
}

void Namespace::set(std::string_view name, Value value) {
  if (name.starts_with('_')) throw Fault("namespace attribute '{}' begins with an underscore", name);
  for (auto& [key, held] : attributes) {
    if (key == name) {
      held = std::move(value);
      return;
    }
  }
  attributes.emplace_back(name, std::move(value));
}

bool Loop::has(std::size_t index) {
  while (index >= items->items.size()) {
    if (!pull) return false;
    if (!pull(*items)) pull = nullptr;
  }
  return true;
}

std::size_t Loop::length() {
  while (pull) {
    if (!pull(*items)) pull = nullptr;
  }
  return items->items.size();
}

Value make_sequence(std::vector<Value> items, Sequence::Flavor flavor) {
  check_count(items.size());
  int below = 0;
  for (const auto& item : items) below = std::max(below, depth_of(item));
  return std::make_shared<Sequence>(
      Sequence{.flavor = flavor, .items = std::move(items), .depth = bounded_depth(below)});
}

Value make_dict(std::vector<std::pair<Value, Value>> entries) {
  check_count(entries.size());
  int below = 0;
  for (const auto& [key, value] : entries) below = std::max({below, depth_of(key), depth_of(value)});
  return std::make_shared<const Dict>(Dict{.entries = std::move(entries), .depth = bounded_depth(below)});
}

Value make_string(std::string text) {
  if (text.size() > kMaxText) throw Fault("string of {} bytes, expected at most {}", text.size(), kMaxText);
  TextBudget::charge(text.size());
  return Value(std::move(text));
}

void put(std::vector<std::pair<Value, Value>>& entries, const Value& key, Value value) {
  if (!is_hashable(key)) throw Fault("unhashable type: '{}'", type_name(key));
  for (auto& [name, held] : entries) {
    if (equal(name, key)) {
      held = std::move(value);
      return;
    }
  }
  entries.emplace_back(key, std::move(value));
}

Value undefined_name(std::string_view name) {
  return std::make_shared<const Missing>(Missing{.hint = {}, .owner = {}, .name = name});
}

Value undefined_member(const Value& owner, const Value& name) {
  std::string label = owner.is_none() ? "None" : fmt::format("{} object", type_name(owner));
  return std::make_shared<const Missing>(Missing{.hint = {}, .owner = std::move(label), .name = name});
}

Value undefined_hint(std::string hint) {
  return std::make_shared<const Missing>(Missing{.hint = std::move(hint), .owner = {}, .name = {}});
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "NoneType";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
    case Kind::big_integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::string:
      return "str";
    case Kind::dict:
      return "dict";
    case Kind::name_space:
      return "Namespace";
    case Kind::callable:
      return "function";
    case Kind::loop:
      return "LoopContext";
    case Kind::sequence:
      break;
  }
  switch (value.sequence()->flavor) {
    case Sequence::Flavor::list:
      return "list";
    case Sequence::Flavor::tuple:
      return "tuple";
    case Sequence::Flavor::range:
      return "range";
    case Sequence::Flavor::keys:
      return "dict_keys";
    case Sequence::Flavor::values:
      return "dict_values";
    case Sequence::Flavor::items:
      return "dict_items";
    case Sequence::Flavor::iterator:
      break;
  }
  return "generator";
}

bool truth(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::none:
      return false;
    case Kind::boolean:
      return value.boolean();
    case Kind::integer:
      return value.integer() != 0;
    case Kind::real:
      return value.real() != 0.0;
    case Kind::loop:
      return value.loop()->length() > 0;
    default:
      break;
  }
  const auto size = size_of(value);
  return !size || *size > 0;
}

std::optional<std::size_t> size_of(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
      return 0;
    case Kind::string:
      return unicode::length(value.string());
    case Kind::dict:
      return value.dict().entries.size();
    case Kind::loop:
      return value.loop()->length();
    case Kind::sequence:
      if (value.sequence()->flavor == Sequence::Flavor::iterator) return std::nullopt;
      return value.sequence()->items.size();
    default:
      return std::nullopt;
  }
}

bool is_iterable(const Value& value) {
  switch (value.kind()) {
    case Kind::undefined:
    case Kind::string:
    case Kind::dict:
    case Kind::sequence:
    case Kind::loop:
      return true;
    default:
      return false;
  }
}

std::shared_ptr<Sequence> iterate(const Value& value) {
  auto fresh = [] { return std::make_shared<Sequence>(); };
  switch (value.kind()) {
    case Kind::undefined:
      return fresh();
    case Kind::string: {
      auto result = fresh();
      for (auto part : unicode::characters(value.string())) result->items.emplace_back(part);
      return result;
    }
    case Kind::dict: {
      auto result = fresh();
      for (const auto& entry : value.dict().entries) result->items.push_back(entry.first);
      return result;
    }
    case Kind::sequence:
      break;
    default:
      throw Fault("'{}' object is not iterable", type_name(value));
  }
  const auto& held = value.sequence();
  if (held->flavor != Sequence::Flavor::iterator) return held;
  auto result = fresh();
  result->items.assign(held->items.begin() + static_cast<std::ptrdiff_t>(held->consumed), held->items.end());
  result->depth = held->depth;
  held->consumed = held->items.size();
  return result;
}

}  // namespace eft::jinja
