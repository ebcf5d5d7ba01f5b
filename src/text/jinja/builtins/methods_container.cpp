#include <algorithm>
#include <array>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/methods.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"

namespace eft::jinja {
namespace {

Value dict_get(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("get", arguments, {"key", "default"}, 1);
  if (!is_hashable(*bound.at(0))) throw Fault("unhashable type: '{}'", type_name(*bound.at(0)));
  const Value* found = self.dict().find(*bound.at(0));
  return found != nullptr ? *found : bound.value(1, Value::None{});
}

Value dict_items(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("items", arguments, {});
  std::vector<Value> items;
  items.reserve(self.dict().entries.size());
  for (const auto& [key, value] : self.dict().entries) {
    items.push_back(make_sequence({key, value}, Sequence::Flavor::tuple));
  }
  return make_sequence(std::move(items), Sequence::Flavor::items);
}

Value dict_keys(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("keys", arguments, {});
  return make_sequence(iterate(self)->items, Sequence::Flavor::keys);
}

Value dict_values(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("values", arguments, {});
  std::vector<Value> items;
  for (const auto& entry : self.dict().entries) items.push_back(entry.second);
  return make_sequence(std::move(items), Sequence::Flavor::values);
}

/// Containers never change, so a copy is the thing itself.
Value copy(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("copy", arguments, {});
  return self;
}

Value sequence_count(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("count", arguments, {"value"}, 1);
  const auto& items = self.sequence()->items;
  return std::count_if(items.begin(), items.end(), [&](const Value& item) { return equal(item, *bound.at(0)); });
}

Value sequence_index(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("index", arguments, {"value"}, 1);
  const auto& items = self.sequence()->items;
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const Value& item) { return equal(item, *bound.at(0)); });
  if (found == items.end()) throw Fault("{} is not in {}", repr(*bound.at(0)), type_name(self));
  return found - items.begin();
}

Value loop_cycle(Render&, const Value& self, const Arguments& arguments) {
  if (arguments.positional.empty()) throw Fault("no items for cycling given");
  return arguments.positional[self.loop()->index0 % arguments.positional.size()];
}

Value loop_changed(Render&, const Value& self, const Arguments& arguments) {
  auto& last = self.loop()->last_changed;
  const auto& now = arguments.positional;
  if (last && std::equal(last->begin(), last->end(), now.begin(), now.end(), equal)) return false;
  last = now;
  return true;
}

struct Row {
  std::string_view name;
  Method method;
};

template <std::size_t count>
Method find_row(const std::array<Row, count>& rows, std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
  return found == rows.end() ? nullptr : found->method;
}

constexpr std::array kDict = {Row{"get", dict_get}, Row{"items", dict_items}, Row{"keys", dict_keys},
                              Row{"values", dict_values}, Row{"copy", copy}};
constexpr std::array kSequence = {Row{"count", sequence_count}, Row{"index", sequence_index}};
constexpr std::array kLoop = {Row{"cycle", loop_cycle}, Row{"changed", loop_changed}};

}  // namespace

Method find_container_method(const Value& object, std::string_view name) {
  if (object.is_dict()) return find_row(kDict, name);
  if (object.kind() == Kind::loop) return find_row(kLoop, name);
  if (!object.is_sequence() || !object.sequence()->indexed()) return nullptr;
  if (name == "copy" && object.sequence()->flavor == Sequence::Flavor::list) return copy;
  return find_row(kSequence, name);
}

}  // namespace eft::jinja
