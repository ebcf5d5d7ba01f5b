#include <algorithm>

#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"

namespace eft::jinja {
namespace {

/// Steps one comparison may take: values that share parts can be exponentially large when walked.
constexpr std::int64_t kMaxComparisons = 20'000'000;

bool same(const Value& left, const Value& right, std::int64_t& budget);

bool same_items(const std::vector<Value>& left, const std::vector<Value>& right, std::int64_t& budget) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](const Value& a, const Value& b) { return same(a, b, budget); });
}

bool same_dicts(const Dict& left, const Dict& right, std::int64_t& budget) {
  if (left.entries.size() != right.entries.size()) return false;
  return std::all_of(left.entries.begin(), left.entries.end(), [&](const auto& entry) {
    const Value* other = right.find(entry.first);
    return other != nullptr && same(entry.second, *other, budget);
  });
}

bool same_sequences(const Sequence& left, const Sequence& right, std::int64_t& budget) {
  using Flavor = Sequence::Flavor;
  const auto is_view = [](Flavor f) { return f == Flavor::keys || f == Flavor::items; };
  if (left.flavor == Flavor::iterator || left.flavor == Flavor::values) return false;
  if (left.flavor != right.flavor && !(is_view(left.flavor) && is_view(right.flavor))) return false;
  if (!is_view(left.flavor)) return same_items(left.items, right.items, budget);
  return left.items.size() == right.items.size() &&
         std::all_of(left.items.begin(), left.items.end(), [&](const auto& a) {
           return std::any_of(right.items.begin(), right.items.end(),
                              [&](const auto& b) { return same(a, b, budget); });
         });
}

bool same(const Value& left, const Value& right, std::int64_t& budget) {
  if (--budget < 0) throw Fault("comparison takes too long");
  if (left.kind() != right.kind()) {
    const auto a = number_of(left);
    const auto b = number_of(right);
    return a && b && *a == *b;
  }
  if (left.identity() != nullptr && left.identity() == right.identity()) return true;
  switch (left.kind()) {
    case Kind::undefined:
    case Kind::none:
      return true;
    case Kind::boolean:
    case Kind::integer:
      return left.integer() == right.integer();
    case Kind::big_integer:
      return left.big_integer().digits == right.big_integer().digits;
    case Kind::real:
      return left.real() == right.real();
    case Kind::string:
      return left.string() == right.string();
    case Kind::sequence:
      return same_sequences(*left.sequence(), *right.sequence(), budget);
    case Kind::dict:
      return same_dicts(left.dict(), right.dict(), budget);
    default:
      return false;
  }
}

bool has_order(const Value& value) {
  return value.is_sequence() && value.sequence()->flavor <= Sequence::Flavor::tuple;
}

bool less_items(const std::vector<Value>& left, const std::vector<Value>& right) {
  for (std::size_t i = 0; i < left.size() && i < right.size(); ++i) {
    if (!equal(left[i], right[i])) return less(left[i], right[i]);
  }
  return left.size() < right.size();
}

}  // namespace

bool equal(const Value& left, const Value& right) {
  std::int64_t budget = kMaxComparisons;
  return same(left, right, budget);
}

bool less(const Value& left, const Value& right) {
  for (const auto* side : {&left, &right}) {
    if (side->is_undefined()) throw Fault("{}", side->missing() ? side->missing()->message() : "value is undefined");
  }
  if (left.is_integral() && right.is_integral()) return left.integer() < right.integer();
  const auto a = number_of(left);
  const auto b = number_of(right);
  if (a && b) return *a < *b;
  if (left.is_string() && right.is_string()) return left.string() < right.string();
  if (has_order(left) && has_order(right) && left.sequence()->flavor == right.sequence()->flavor) {
    return less_items(left.sequence()->items, right.sequence()->items);
  }
  throw Fault("'<' not supported between instances of '{}' and '{}'", type_name(left), type_name(right));
}

bool contains(const Value& container, const Value& member) {
  if (container.is_string()) {
    if (member.is_string()) return container.string().find(member.string()) != std::string::npos;
    throw Fault("'in <string>' requires string as left operand, not {}", type_name(member));
  }
  if (container.is_dict()) {
    if (!is_hashable(member)) throw Fault("unhashable type: '{}'", type_name(member));
    return container.dict().find(member) != nullptr;
  }
  if (!is_iterable(container)) throw Fault("argument of type '{}' is not iterable", type_name(container));
  const auto items = iterate(container);
  return std::any_of(items->items.begin(), items->items.end(), [&](const Value& item) { return equal(item, member); });
}

bool is_hashable(const Value& value) {
  if (value.is_dict()) return false;
  if (!value.is_sequence()) return true;
  const auto& sequence = *value.sequence();
  if (sequence.flavor != Sequence::Flavor::tuple) return sequence.flavor >= Sequence::Flavor::range;
  return std::all_of(sequence.items.begin(), sequence.items.end(), is_hashable);
}

}  // namespace eft::jinja
