#include <algorithm>
#include <array>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/render.h"

namespace eft::jinja {
namespace {

Value map_attribute(const Value& input, const Arguments& arguments) {
  const Bound bound("map", arguments, {"attribute", "default"}, 1);
  const Value otherwise = bound.value(1, Value::None{});
  std::vector<Value> results;
  for (const auto items = iterate(input); const auto& item : items->items) {
    Value found = follow_path(item, *bound.at(0));
    results.push_back(found.is_undefined() && !otherwise.is_none() ? otherwise : found);
  }
  return make_sequence(std::move(results), Sequence::Flavor::iterator);
}

Value map(Render& render, const Value& input, const Arguments& arguments) {
  if (!truth(input)) return make_sequence({}, Sequence::Flavor::iterator);
  const bool by_attribute =
      arguments.positional.empty() && std::any_of(arguments.named.begin(), arguments.named.end(),
                                                  [](const auto& entry) { return entry.first == "attribute"; });
  if (by_attribute) return map_attribute(input, arguments);
  if (arguments.positional.empty()) throw Fault("map requires a filter argument");
  const std::string name = to_text(arguments.positional.front());
  const Filter filter = find_filter(name);
  if (filter == nullptr) throw Fault("No filter named '{}'.", name);
  Arguments rest{{arguments.positional.begin() + 1, arguments.positional.end()}, arguments.named};
  std::vector<Value> results;
  for (const auto items = iterate(input); const auto& item : items->items) {
    render.step();
    results.push_back(filter(render, item, rest));
  }
  return make_sequence(std::move(results), Sequence::Flavor::iterator);
}

/// select, reject, selectattr and rejectattr: [attribute,] [test, its arguments].
template <bool wanted, bool by_attribute>
Value select(Render& render, const Value& input, const Arguments& arguments) {
  if (!truth(input)) return make_sequence({}, Sequence::Flavor::iterator);
  constexpr std::size_t offset = by_attribute ? 1 : 0;
  const auto& given = arguments.positional;
  if (given.size() < offset) throw Fault("Missing parameter for attribute name");
  Test test = nullptr;
  Arguments rest;
  if (given.size() > offset) {
    const std::string name = to_text(given[offset]);
    test = find_test(name);
    if (test == nullptr) throw Fault("No test named '{}'.", name);
    rest = {{given.begin() + offset + 1, given.end()}, arguments.named};
  }
  std::vector<Value> kept;
  for (const auto items = iterate(input); const auto& item : items->items) {
    render.step();
    const Value subject = by_attribute ? follow_path(item, given[0]) : item;
    const bool passes = test != nullptr ? test(render, subject, rest) : truth(subject);
    if (passes == wanted) kept.push_back(item);
  }
  return make_sequence(std::move(kept), Sequence::Flavor::iterator);
}

/// Attributes only, never items.
Value attribute(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("attr", arguments, {"name"}, 1);
  const Value& name = *bound.at(0);
  if (!name.is_string()) throw Fault("attribute name must be string, not '{}'", type_name(name));
  return attribute_of(input, name.string(), Value::None{});
}

constexpr std::array kFilters = {
    FilterRow{"attr", attribute},
    FilterRow{"map", map},
    FilterRow{"reject", select<false, false>},
    FilterRow{"rejectattr", select<false, true>},
    FilterRow{"select", select<true, false>},
    FilterRow{"selectattr", select<true, true>},
};

}  // namespace

Filter find_selection_filter(std::string_view name) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(), [&](const auto& row) { return row.name == name; });
  return found == kFilters.end() ? nullptr : found->filter;
}

}  // namespace eft::jinja
