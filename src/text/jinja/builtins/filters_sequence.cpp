#include <algorithm>
#include <array>
#include <numeric>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/values/sorting.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

Value length(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("len", arguments, {});
  const auto size = size_of(input);
  if (!size) throw Fault("object of type '{}' has no len()", type_name(input));
  return *size;
}

Value use_default(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("default", arguments, {"default_value", "boolean"});
  const bool absent = input.is_undefined() || (bound.truth(1) && !truth(input));
  return absent ? bound.value(0, "") : input;
}

Value first(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("first", arguments, {});
  if (input.is_sequence() && input.sequence()->flavor == Sequence::Flavor::iterator) {
    auto& held = *input.sequence();
    if (held.consumed < held.items.size()) return held.items[held.consumed++];
    return undefined_hint("No first item, sequence was empty.");
  }
  const auto items = iterate(input);
  return items->items.empty() ? undefined_hint("No first item, sequence was empty.") : items->items.front();
}

void require_reversible(const Value& input) {
  if (input.is_sequence() && input.sequence()->flavor == Sequence::Flavor::iterator) {
    throw Fault("'{}' object is not reversible", type_name(input));
  }
}

Value last(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("last", arguments, {});
  require_reversible(input);
  const auto items = iterate(input);
  return items->items.empty() ? undefined_hint("No last item, sequence was empty.") : items->items.back();
}

Value reverse(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("reverse", arguments, {});
  auto items = iterate(input)->items;
  std::reverse(items.begin(), items.end());
  if (!input.is_string()) return make_sequence(std::move(items), Sequence::Flavor::iterator);
  std::string out;
  for (const auto& part : items) out += part.string();
  return make_string(std::move(out));
}

Value list(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("list", arguments, {});
  return make_sequence(iterate(input)->items);
}

Value join(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("join", arguments, {"d", "attribute"});
  const std::string between = bound.at(0) != nullptr ? to_text(*bound.at(0)) : "";
  const Value path = bound.value(1, Value::None{});
  std::string out;
  bool is_first = true;
  for (const auto items = iterate(input); const auto& item : items->items) {
    if (!is_first) out += between;
    is_first = false;
    append_text(out, path.is_none() ? item : follow_path(item, path));
  }
  return make_string(std::move(out));
}

Value items(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("items", arguments, {});
  std::vector<Value> pairs;
  if (!input.is_undefined()) {
    if (!input.is_dict()) throw Fault("Can only get item pairs from a mapping.");
    for (const auto& [key, value] : input.dict().entries) {
      pairs.push_back(make_sequence({key, value}, Sequence::Flavor::tuple));
    }
  }
  return make_sequence(std::move(pairs), Sequence::Flavor::iterator);
}

Value sum(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("sum", arguments, {"attribute", "start"});
  const Value path = bound.value(0, Value::None{});
  Value total = bound.value(1, 0);
  if (total.is_string()) throw Fault("sum() can't sum strings [use ''.join(seq) instead]");
  for (const auto items = iterate(input); const auto& item : items->items)
    total = calculate(Arithmetic::add, total, follow_path(item, path));
  return total;
}

Value unique(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("unique", arguments, {"case_sensitive", "attribute"});
  std::vector<Value> seen;
  std::vector<Value> kept;
  for (const auto items = iterate(input); const auto& item : items->items) {
    Value key = follow_path(item, bound.value(1, Value::None{}));
    if (!bound.truth(0)) key = without_case(key);
    if (!is_hashable(key)) throw Fault("unhashable type: '{}'", type_name(key));
    if (std::any_of(seen.begin(), seen.end(), [&](const Value& other) { return equal(other, key); })) continue;
    seen.push_back(std::move(key));
    kept.push_back(item);
  }
  return make_sequence(std::move(kept), Sequence::Flavor::iterator);
}

Value batch(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("batch", arguments, {"linecount", "fill_with"}, 1);
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(bound.integer(0, 1), 1));
  const Value fill = bound.value(1, Value::None{});
  const auto source = iterate(input);
  std::vector<Value> rows;
  for (std::size_t at = 0; at < source->items.size(); at += width) {
    std::vector<Value> row;
    for (std::size_t i = at; i < std::min(at + width, source->items.size()); ++i) row.push_back(source->items[i]);
    while (!fill.is_none() && row.size() < width && row.size() < kMaxItems) row.push_back(fill);
    rows.push_back(make_sequence(std::move(row)));
  }
  return make_sequence(std::move(rows), Sequence::Flavor::iterator);
}

Value slice(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("slice", arguments, {"slices", "fill_with"}, 1);
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(bound.integer(0, 1), 0));
  if (count == 0) throw Fault("integer division or modulo by zero");
  const Value fill = bound.value(1, Value::None{});
  const auto source = iterate(input);
  const std::size_t size = source->items.size() / count;
  const std::size_t longer = source->items.size() % count;
  if (count > kMaxItems) throw Fault("sequence of {} items, expected at most {}", count, kMaxItems);
  std::vector<Value> rows;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Value> row;
    const std::size_t end = at + size + (i < longer ? 1 : 0);
    while (at < end) row.push_back(source->items[at++]);
    if (!fill.is_none() && i >= longer) row.push_back(fill);
    rows.push_back(make_sequence(std::move(row)));
  }
  return make_sequence(std::move(rows), Sequence::Flavor::iterator);
}

constexpr std::array kFilters = {
    FilterRow{"batch", batch},         FilterRow{"count", length},       FilterRow{"d", use_default},
    FilterRow{"default", use_default}, FilterRow{"dictsort", sort_dict}, FilterRow{"first", first},
    FilterRow{"groupby", group_by},    FilterRow{"items", items},        FilterRow{"join", join},
    FilterRow{"last", last},           FilterRow{"length", length},      FilterRow{"list", list},
    FilterRow{"max", largest},         FilterRow{"min", smallest},       FilterRow{"reverse", reverse},
    FilterRow{"slice", slice},         FilterRow{"sort", sort_items},    FilterRow{"sum", sum},
    FilterRow{"unique", unique},
};

}  // namespace

Filter find_sequence_filter(std::string_view name) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(), [&](const auto& row) { return row.name == name; });
  return found == kFilters.end() ? nullptr : found->filter;
}

}  // namespace eft::jinja
