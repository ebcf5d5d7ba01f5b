#include <algorithm>
#include <array>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/builtins/split.h"

namespace eft::jinja {
namespace {

template <bool (*holds)(const Value&)>
bool plain(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("test", arguments, {});
  return holds(input);
}

template <Comparison comparison>
bool compared(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("test", arguments, {"other"}, 1);
  return compare(comparison, input, *bound.at(0));
}

bool is_defined(const Value& input) { return !input.is_undefined(); }
bool is_undefined(const Value& input) { return input.is_undefined(); }
bool is_none(const Value& input) { return input.is_none(); }
bool is_boolean(const Value& input) { return input.is_boolean(); }
bool is_true(const Value& input) { return input.is_boolean() && input.boolean(); }
bool is_false(const Value& input) { return input.is_boolean() && !input.boolean(); }
bool is_integer(const Value& input) { return input.kind() == Kind::integer || input.kind() == Kind::big_integer; }
bool is_real(const Value& input) { return input.is_real(); }
bool is_number(const Value& input) { return number_of(input).has_value(); }
bool is_string(const Value& input) { return input.is_string(); }
bool is_mapping(const Value& input) { return input.is_dict(); }
bool is_callable(const Value& input) {
  return input.kind() == Kind::callable || input.kind() == Kind::loop || input.is_undefined();
}
/// What has a length and items; as in Jinja2 that covers mappings and the undefined.
bool is_sequence(const Value& input) {
  return input.is_undefined() || input.is_string() || input.is_dict() ||
         (input.is_sequence() && input.sequence()->indexed());
}
bool is_lower(const Value& input) { return is_all_case(to_text(input), false); }
bool is_upper(const Value& input) { return is_all_case(to_text(input), true); }
bool is_escaped(const Value&) { return false; }
bool is_filter(const Value& input) { return input.is_string() && find_filter(input.string()) != nullptr; }
bool is_test(const Value& input) { return input.is_string() && find_test(input.string()) != nullptr; }
bool is_odd(const Value& input) { return equal(calculate(Arithmetic::modulo, input, 2), 1); }
bool is_even(const Value& input) { return equal(calculate(Arithmetic::modulo, input, 2), 0); }

bool is_divisible(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("divisibleby", arguments, {"num"}, 1);
  return equal(calculate(Arithmetic::modulo, input, *bound.at(0)), 0);
}

bool is_same(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("sameas", arguments, {"other"}, 1);
  const Value& other = *bound.at(0);
  if (input.kind() != other.kind()) return false;
  return input.identity() != nullptr ? input.identity() == other.identity() : equal(input, other);
}

struct Row {
  std::string_view name;
  Test test;
};

constexpr std::array kTests = {
    Row{"!=", compared<Comparison::not_equal>},
    Row{"<", compared<Comparison::less>},
    Row{"<=", compared<Comparison::less_equal>},
    Row{"==", compared<Comparison::equal>},
    Row{">", compared<Comparison::greater>},
    Row{">=", compared<Comparison::greater_equal>},
    Row{"boolean", plain<is_boolean>},
    Row{"callable", plain<is_callable>},
    Row{"defined", plain<is_defined>},
    Row{"divisibleby", is_divisible},
    Row{"eq", compared<Comparison::equal>},
    Row{"equalto", compared<Comparison::equal>},
    Row{"escaped", plain<is_escaped>},
    Row{"even", plain<is_even>},
    Row{"false", plain<is_false>},
    Row{"filter", plain<is_filter>},
    Row{"float", plain<is_real>},
    Row{"ge", compared<Comparison::greater_equal>},
    Row{"greaterthan", compared<Comparison::greater>},
    Row{"gt", compared<Comparison::greater>},
    Row{"in", compared<Comparison::in>},
    Row{"integer", plain<is_integer>},
    Row{"iterable", plain<is_iterable>},
    Row{"le", compared<Comparison::less_equal>},
    Row{"lessthan", compared<Comparison::less>},
    Row{"lower", plain<is_lower>},
    Row{"lt", compared<Comparison::less>},
    Row{"mapping", plain<is_mapping>},
    Row{"ne", compared<Comparison::not_equal>},
    Row{"none", plain<is_none>},
    Row{"number", plain<is_number>},
    Row{"odd", plain<is_odd>},
    Row{"sameas", is_same},
    Row{"sequence", plain<is_sequence>},
    Row{"string", plain<is_string>},
    Row{"test", plain<is_test>},
    Row{"true", plain<is_true>},
    Row{"undefined", plain<is_undefined>},
    Row{"upper", plain<is_upper>},
};

}  // namespace

Test find_test(std::string_view name) {
  const auto found = std::find_if(kTests.begin(), kTests.end(), [&](const Row& row) { return row.name == name; });
  return found == kTests.end() ? nullptr : found->test;
}

}  // namespace eft::jinja
