#pragma once

#include "text/jinja/values/value.h"

/// Python's operators. All throw Fault with Python's words for wrong types.
namespace eft::jinja {

enum class Arithmetic { add, subtract, multiply, divide, floor_divide, modulo, power };
enum class Comparison { equal, not_equal, less, less_equal, greater, greater_equal, in, not_in };

Value calculate(Arithmetic operation, const Value& left, const Value& right);
Value negate(const Value& value);
bool compare(Comparison comparison, const Value& left, const Value& right);

bool equal(const Value& left, const Value& right);
bool less(const Value& left, const Value& right);
bool contains(const Value& container, const Value& member);
/// Whether it can be a key.
bool is_hashable(const Value& value);
/// The number of an int, bool or float.
std::optional<double> number_of(const Value& value);

/// `object[key]` in a template: item first, then attribute, else undefined.
Value item_of(const Value& object, const Value& key);
/// `object.name` in a template: attribute first, then item, else undefined.
Value attribute_of(const Value& object, std::string_view name, const Value& name_value);
/// `object[start:stop:step]`, each a number or none.
Value slice_of(const Value& object, const Value& start, const Value& stop, const Value& step);

}  // namespace eft::jinja
