#include <algorithm>

#include "text/jinja/builtins/methods.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

/// One of the numbers that `loop` knows, or nothing.
std::optional<Value> loop_attribute(Loop& loop, std::string_view name) {
  if (name == "index") return Value(loop.index0 + 1);
  if (name == "index0") return Value(loop.index0);
  if (name == "first") return Value(loop.index0 == 0);
  if (name == "last") return Value(!loop.has(loop.index0 + 1));
  if (name == "length") return Value(loop.length());
  if (name == "revindex") return Value(loop.length() - loop.index0);
  if (name == "revindex0") return Value(loop.length() - loop.index0 - 1);
  if (name == "depth") return Value(loop.depth0 + 1);
  if (name == "depth0") return Value(loop.depth0);
  if (name == "previtem") {
    return loop.index0 == 0 ? undefined_hint("there is no previous item") : loop.items->items[loop.index0 - 1];
  }
  if (name == "nextitem") {
    if (!loop.has(loop.index0 + 1)) return undefined_hint("there is no next item");
    return loop.items->items[loop.index0 + 1];
  }
  return std::nullopt;
}

/// What getattr() finds, or nothing.
std::optional<Value> python_attribute(const Value& object, std::string_view name) {
  if (object.kind() == Kind::name_space) {
    const Value* held = object.name_space()->find(name);
    if (held != nullptr) return *held;
  } else if (object.kind() == Kind::loop) {
    if (auto found = loop_attribute(*object.loop(), name)) return found;
  } else if (object.is_sequence() && object.sequence()->label == kGroupLabel) {
    if (name == "grouper" || name == "list") return object.sequence()->items[name == "list" ? 1 : 0];
  }
  if (is_refused_method(object, name) || (name.starts_with("__") && name.ends_with("__"))) {
    return undefined_hint(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, type_name(object)));
  }
  const Method method = find_method(object, name);
  if (method == nullptr) return std::nullopt;
  auto call = [method, object](Render& render, const Arguments& arguments) {
    return method(render, object, arguments);
  };
  return std::make_shared<const Callable>(Callable{
      .label = fmt::format("<built-in method {} of {} object>", name, type_name(object)), .call = std::move(call)});
}

/// What `object[key]` finds in Python, or nothing where it raises TypeError or LookupError.
std::optional<Value> python_item(const Value& object, const Value& key) {
  if (object.is_dict()) {
    const Value* held = is_hashable(key) ? object.dict().find(key) : nullptr;
    if (held != nullptr) return *held;
    return std::nullopt;
  }
  if (!key.is_integral()) return std::nullopt;
  const bool indexed = object.is_string() || (object.is_sequence() && object.sequence()->indexed());
  if (!indexed) return std::nullopt;
  const auto size = static_cast<std::int64_t>(*size_of(object));
  std::int64_t index = key.integer();
  if (index < 0) index += size;
  if (index < 0 || index >= size) return std::nullopt;
  if (object.is_sequence()) return object.sequence()->items[static_cast<std::size_t>(index)];
  const std::string_view text = object.string();
  const std::size_t begin = unicode::offset_of(text, static_cast<std::size_t>(index));
  return Value(text.substr(begin, unicode::offset_of(text.substr(begin), 1)));
}

void require_defined(const Value& object) {
  if (object.is_undefined()) throw Fault("{}", object.missing() ? object.missing()->message() : "value is undefined");
}

std::int64_t bound_of(const Value& value, std::int64_t absent, std::int64_t size, bool backwards) {
  if (value.is_none()) return absent;
  if (!value.is_integral()) throw Fault("slice indices must be integers or None or have an __index__ method");
  std::int64_t at = value.integer();
  if (at < 0) at += size;
  return std::clamp<std::int64_t>(at, backwards ? -1 : 0, backwards ? size - 1 : size);
}

}  // namespace

Value item_of(const Value& object, const Value& key) {
  require_defined(object);
  if (auto found = python_item(object, key)) return *std::move(found);
  if (key.is_string()) {
    if (auto found = python_attribute(object, key.string())) return *std::move(found);
  }
  return undefined_member(object, key);
}

Value attribute_of(const Value& object, std::string_view name, const Value& name_value) {
  require_defined(object);
  if (auto found = python_attribute(object, name)) return *std::move(found);
  if (auto found = python_item(object, name_value)) return *std::move(found);
  return undefined_member(object, name_value);
}

Value slice_of(const Value& object, const Value& start, const Value& stop, const Value& step) {
  require_defined(object);
  if (object.is_dict()) throw Fault("unhashable type: 'slice'");
  const bool indexed = object.is_string() || (object.is_sequence() && object.sequence()->indexed());
  if (!indexed) throw Fault("'{}' object is not subscriptable", type_name(object));
  if (!step.is_none() && !step.is_integral()) {
    throw Fault("slice indices must be integers or None or have an __index__ method");
  }
  const std::int64_t stride = step.is_none() ? 1 : step.integer();
  if (stride == 0) throw Fault("slice step cannot be zero");
  const auto size = static_cast<std::int64_t>(*size_of(object));
  const bool backwards = stride < 0;
  std::int64_t at = bound_of(start, backwards ? size - 1 : 0, size, backwards);
  const std::int64_t end = bound_of(stop, backwards ? -1 : size, size, backwards);

  const auto source = iterate(object);
  std::vector<Value> picked;
  while (backwards ? at > end : at < end) {
    picked.push_back(source->items[static_cast<std::size_t>(at)]);
    if (backwards ? stride < end - at : stride > end - at) break;
    at += stride;
  }
  if (object.is_sequence()) {
    const bool tuple = object.sequence()->flavor == Sequence::Flavor::tuple;
    return make_sequence(std::move(picked), tuple ? Sequence::Flavor::tuple : Sequence::Flavor::list);
  }
  std::string text;
  for (const auto& part : picked) text += part.string();
  return make_string(std::move(text));
}

Method find_method(const Value& object, std::string_view name) {
  return object.is_string() ? find_string_method(name) : find_container_method(object, name);
}

bool is_refused_method(const Value& object, std::string_view name) {
  const auto any_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (object.is_dict()) return any_of({"clear", "pop", "popitem", "setdefault", "update"});
  if (object.is_sequence() && object.sequence()->flavor == Sequence::Flavor::list) {
    return any_of({"append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove"});
  }
  return false;
}

}  // namespace eft::jinja
