#include "text/jinja/values/operators.h"

#include <algorithm>
#include <cmath>

#include "text/jinja/values/format.h"

namespace eft::jinja {
namespace {

constexpr std::string_view symbol(Arithmetic operation) {
  constexpr std::string_view names[] = {"+", "-", "*", "/", "//", "%", "** or pow()"};
  return names[static_cast<std::size_t>(operation)];
}

void require_defined(const Value& value) {
  if (value.is_undefined()) throw Fault("{}", value.missing() ? value.missing()->message() : "value is undefined");
}

[[noreturn]] void wrong_operands(Arithmetic operation, const Value& left, const Value& right) {
  throw Fault("unsupported operand type(s) for {}: '{}' and '{}'", symbol(operation), type_name(left),
              type_name(right));
}

std::int64_t floor_divide(std::int64_t left, std::int64_t right) {
  const std::int64_t quotient = left / right;
  return quotient - static_cast<std::int64_t>(left % right != 0 && (left < 0) != (right < 0));
}

double floor_modulo(double left, double right) {
  const double rest = std::fmod(left, right);
  if (rest != 0 && (rest < 0) != (right < 0)) return rest + right;
  return rest == 0 ? std::copysign(0.0, right) : rest;
}

/// `result` by reference: it is written while the other argument is evaluated.
std::int64_t checked(bool overflow, const std::int64_t& result) {
  if (overflow) throw Fault("integer does not fit 64 bits");
  return result;
}

Value integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) throw Fault("0.0 cannot be raised to a negative power");
    return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  }
  if (base == 0 || base == 1) return exponent == 0 ? std::int64_t{1} : base;
  if (base == -1) return exponent % 2 == 0 ? 1 : -1;
  std::int64_t result = 1;
  for (; exponent > 0; --exponent) {
    const bool overflow = __builtin_mul_overflow(result, base, &result);
    checked(overflow, result);
  }
  return result;
}

Value integer_arithmetic(Arithmetic operation, std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  const bool divides = operation == Arithmetic::divide || operation == Arithmetic::floor_divide;
  if (divides && right == 0) {
    throw Fault("{}", operation == Arithmetic::divide ? "division by zero" : "integer division or modulo by zero");
  }
  switch (operation) {
    case Arithmetic::add:
      return checked(__builtin_add_overflow(left, right, &result), result);
    case Arithmetic::subtract:
      return checked(__builtin_sub_overflow(left, right, &result), result);
    case Arithmetic::multiply:
      return checked(__builtin_mul_overflow(left, right, &result), result);
    case Arithmetic::divide:
      return static_cast<double>(left) / static_cast<double>(right);
    case Arithmetic::floor_divide:
      if (right == -1) return checked(__builtin_sub_overflow(std::int64_t{0}, left, &result), result);
      return floor_divide(left, right);
    case Arithmetic::modulo:
      if (right == 0) throw Fault("integer modulo by zero");
      return right == -1 ? std::int64_t{0} : left - floor_divide(left, right) * right;
    case Arithmetic::power:
      return integer_power(left, right);
  }
  return {};
}

Value real_arithmetic(Arithmetic operation, double left, double right) {
  switch (operation) {
    case Arithmetic::add:
      return left + right;
    case Arithmetic::subtract:
      return left - right;
    case Arithmetic::multiply:
      return left * right;
    case Arithmetic::power:
      return std::pow(left, right);
    default:
      break;
  }
  if (right == 0) {
    throw Fault("{}", operation == Arithmetic::divide         ? "float division by zero"
                      : operation == Arithmetic::floor_divide ? "float floor division by zero"
                                                              : "float modulo");
  }
  if (operation == Arithmetic::divide) return left / right;
  if (operation == Arithmetic::modulo) return floor_modulo(left, right);
  return std::round((left - floor_modulo(left, right)) / right);
}

bool is_joinable(const Value& value) {
  return value.is_sequence() && value.sequence()->flavor <= Sequence::Flavor::tuple;
}

Value repeat(const Value& value, std::int64_t times) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  if (value.is_string()) {
    const auto& text = value.string();
    if (!text.empty() && count > kMaxText / text.size()) throw Fault("string of more than {} bytes", kMaxText);
    std::string out;
    out.reserve(text.size() * count);
    for (std::size_t i = 0; i < count && !text.empty(); ++i) out += text;
    return make_string(std::move(out));
  }
  const auto& items = value.sequence()->items;
  if (!items.empty() && count > kMaxItems / items.size()) throw Fault("sequence of more than {} items", kMaxItems);
  std::vector<Value> out;
  out.reserve(items.size() * count);
  for (std::size_t i = 0; i < count && !items.empty(); ++i) out.insert(out.end(), items.begin(), items.end());
  return make_sequence(std::move(out), value.sequence()->flavor);
}

Value join_sequences(const Value& left, const Value& right) {
  auto items = left.sequence()->items;
  const auto& more = right.sequence()->items;
  items.insert(items.end(), more.begin(), more.end());
  return make_sequence(std::move(items), left.sequence()->flavor);
}

Value add_other(const Value& left, const Value& right) {
  if (left.is_string() && right.is_string()) {
    const auto& head = left.string();
    std::string out;
    out.reserve(head.size() + right.string().size());
    out += head;
    out += right.string();
    return make_string(std::move(out));
  }
  if (left.is_string()) throw Fault("can only concatenate str (not \"{}\") to str", type_name(right));
  if (is_joinable(left)) {
    if (is_joinable(right) && left.sequence()->flavor == right.sequence()->flavor) return join_sequences(left, right);
    throw Fault("can only concatenate {0} (not \"{1}\") to {0}", type_name(left), type_name(right));
  }
  wrong_operands(Arithmetic::add, left, right);
}

}  // namespace

std::optional<double> number_of(const Value& value) {
  if (value.is_integral()) return static_cast<double>(value.integer());
  if (value.is_real()) return value.real();
  if (value.kind() == Kind::big_integer) return std::stod(value.big_integer().digits);
  return std::nullopt;
}

Value calculate(Arithmetic operation, const Value& left, const Value& right) {
  require_defined(left);
  require_defined(right);
  if (left.is_integral() && right.is_integral()) return integer_arithmetic(operation, left.integer(), right.integer());
  if (left.is_real() || right.is_real()) {
    const auto a = number_of(left);
    const auto b = number_of(right);
    if (a && b) return real_arithmetic(operation, *a, *b);
  }
  if (operation == Arithmetic::add) return add_other(left, right);
  if (operation == Arithmetic::modulo && left.is_string()) return format_percent(left.string(), right);
  if (operation == Arithmetic::multiply) {
    if ((left.is_string() || is_joinable(left)) && right.is_integral()) return repeat(left, right.integer());
    if ((right.is_string() || is_joinable(right)) && left.is_integral()) return repeat(right, left.integer());
  }
  wrong_operands(operation, left, right);
}

Value negate(const Value& value) {
  require_defined(value);
  if (value.is_integral()) return integer_arithmetic(Arithmetic::subtract, 0, value.integer());
  if (value.is_real()) return -value.real();
  throw Fault("bad operand type for unary -: '{}'", type_name(value));
}

bool compare(Comparison comparison, const Value& left, const Value& right) {
  switch (comparison) {
    case Comparison::equal:
      return equal(left, right);
    case Comparison::not_equal:
      return !equal(left, right);
    case Comparison::in:
      return contains(right, left);
    case Comparison::not_in:
      return !contains(right, left);
    case Comparison::less:
      return less(left, right);
    case Comparison::greater:
      return less(right, left);
    case Comparison::less_equal:
      return less(left, right) || equal(left, right);
    case Comparison::greater_equal:
      return less(right, left) || equal(left, right);
  }
  return false;
}

}  // namespace eft::jinja
