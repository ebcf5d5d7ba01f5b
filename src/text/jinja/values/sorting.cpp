#include "text/jinja/values/sorting.h"

#include <algorithm>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/builtins/split.h"

namespace eft::jinja {
namespace {

using Keyed = std::vector<std::pair<Value, Value>>;  ///< key, item

/// Stable in both directions, as Python's sorted().
void sort_by_key(Keyed& entries, bool reverse) {
  std::stable_sort(entries.begin(), entries.end(), [reverse](const auto& a, const auto& b) {
    return reverse ? less(b.first, a.first) : less(a.first, b.first);
  });
}

Value extremum(std::string_view name, const Value& input, const Arguments& arguments, bool want_less) {
  const Bound bound(name, arguments, {"case_sensitive", "attribute"});
  const auto key_of = [&](const Value& item) {
    const Value key = follow_path(item, bound.value(1, Value::None{}));
    return bound.truth(0) ? key : without_case(key);
  };
  const auto items = iterate(input);
  if (items->items.empty()) return undefined_hint("No aggregated item, sequence was empty.");
  Value best = items->items.front();
  Value best_key = key_of(best);
  for (std::size_t i = 1; i < items->items.size(); ++i) {
    Value key = key_of(items->items[i]);
    if (want_less ? !less(key, best_key) : !less(best_key, key)) continue;
    best = items->items[i];
    best_key = std::move(key);
  }
  return best;
}

}  // namespace

Value sort_dict(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("dictsort", arguments, {"case_sensitive", "by", "reverse"});
  const std::string_view by = bound.text(1).value_or("key");
  if (by != "key" && by != "value") throw Fault("You can only sort by either \"key\" or \"value\"");
  if (input.is_undefined()) throw Fault("{}", input.missing() ? input.missing()->message() : "value is undefined");
  if (!input.is_dict()) throw Fault("'{}' object has no attribute 'items'", type_name(input));
  Keyed entries;
  for (const auto& [key, value] : input.dict().entries) {
    const Value& order = by == "key" ? key : value;
    entries.emplace_back(bound.truth(0) ? order : without_case(order),
                         make_sequence({key, value}, Sequence::Flavor::tuple));
  }
  sort_by_key(entries, bound.truth(2));
  std::vector<Value> pairs;
  for (auto& entry : entries) pairs.push_back(std::move(entry.second));
  return make_sequence(std::move(pairs));
}

Value sort_items(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("sort", arguments, {"reverse", "case_sensitive", "attribute"});
  const Value path = bound.value(2, Value::None{});
  std::vector<Value> paths = {path};
  if (path.is_string()) paths = iterate(text_list(split_left(path.string(), ",", -1)))->items;
  Keyed entries;
  for (const auto items = iterate(input); const auto& item : items->items) {
    std::vector<Value> keys;
    for (const auto& part : paths) {
      const Value key = follow_path(item, part);
      keys.push_back(bound.truth(1) ? key : without_case(key));
    }
    entries.emplace_back(make_sequence(std::move(keys)), item);
  }
  sort_by_key(entries, bound.truth(0));
  std::vector<Value> sorted;
  for (auto& entry : entries) sorted.push_back(std::move(entry.second));
  return make_sequence(std::move(sorted));
}

Value group_by(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("groupby", arguments, {"attribute", "default", "case_sensitive"}, 1);
  const Value otherwise = bound.value(1, Value::None{});
  const auto plain_key = [&](const Value& item) {
    Value key = follow_path(item, *bound.at(0));
    return key.is_undefined() && !otherwise.is_none() ? otherwise : key;
  };
  Keyed entries;
  for (const auto items = iterate(input); const auto& item : items->items) {
    const Value key = plain_key(item);
    entries.emplace_back(bound.truth(2) ? key : without_case(key), item);
  }
  sort_by_key(entries, false);
  std::vector<Value> groups;
  for (std::size_t begin = 0; begin < entries.size();) {
    std::size_t end = begin;
    std::vector<Value> members;
    while (end < entries.size() && equal(entries[end].first, entries[begin].first))
      members.push_back(entries[end++].second);
    const Value key = plain_key(members.front());
    Value group = make_sequence({key, make_sequence(std::move(members))}, Sequence::Flavor::tuple);
    group.sequence()->label = kGroupLabel;
    groups.push_back(std::move(group));
    begin = end;
  }
  return make_sequence(std::move(groups));
}

Value smallest(Render&, const Value& input, const Arguments& arguments) {
  return extremum("min", input, arguments, true);
}

Value largest(Render&, const Value& input, const Arguments& arguments) {
  return extremum("max", input, arguments, false);
}

}  // namespace eft::jinja
