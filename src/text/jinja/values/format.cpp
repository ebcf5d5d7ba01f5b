#include "text/jinja/values/format.h"

#include "text/jinja/values/format_number.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

/// Gives the values of a %-format one after the other, or by name.
class PercentValues {
 public:
  explicit PercentValues(const Value& values) : values_(values) {
    is_tuple_ = values.is_sequence() && values.sequence()->flavor == Sequence::Flavor::tuple;
  }

  Value next() {
    if (is_tuple_ ? used_ >= values_.sequence()->items.size() : used_ > 0) {
      throw Fault("not enough arguments for format string");
    }
    ++used_;
    return is_tuple_ ? values_.sequence()->items[used_ - 1] : values_;
  }

  Value named(std::string_view name) {
    if (!values_.is_dict()) throw Fault("format requires a mapping");
    const Value* found = values_.dict().find(name);
    if (found == nullptr) throw Fault("KeyError: '{}'", name);
    used_ = 1;
    return *found;
  }

  void check_all_used() const {
    const bool all = is_tuple_ ? used_ >= values_.sequence()->items.size() : used_ > 0 || values_.is_dict();
    if (!all) throw Fault("not all arguments converted during string formatting");
  }

 private:
  const Value& values_;
  bool is_tuple_ = false;
  std::size_t used_ = 0;
};

void read_flags(std::string_view text, std::size_t& at, NumberStyle& style) {
  for (; at < text.size(); ++at) {
    switch (text[at]) {
      case '-':
        style.align = '<';
        break;
      case '+':
        style.sign = '+';
        break;
      case ' ':
        style.sign = style.sign == '+' ? '+' : ' ';
        break;
      case '#':
        style.alternate = true;
        break;
      case '0':
        if (style.align == 0) {
          style.fill = "0";
          style.align = '=';
        }
        break;
      default:
        return;
    }
  }
}

std::string percent_one(const Value& value, NumberStyle style) {
  switch (style.type) {
    case 's':
    case 'r':
    case 'a':
      style.fill = " ";
      if (style.align != '<') style.align = '>';
      return format_text(style.type == 's' ? to_text(value) : repr(value), style);
    case 'c':
      return value.is_string() ? value.string() : throw Fault("%c requires a character");
    case 'i':
    case 'u':
      style.type = 'd';
      break;
    default:
      break;
  }
  if (style.type == 'd' && value.is_real()) return percent_one(static_cast<std::int64_t>(value.real()), style);
  if (std::string_view("dxXofFeEgG").find(style.type) == std::string_view::npos) {
    throw Fault("unsupported format character '{}'", style.type);
  }
  return format_number(value, style);
}

NumberStyle parse_spec(std::string_view spec) {
  NumberStyle style;
  std::size_t at = 0;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  const std::size_t first = unicode::offset_of(spec, 1);
  if (first < spec.size() && is_align(spec[first])) {
    style.fill = std::string(spec.substr(0, first));
    style.align = spec[first];
    at = first + 1;
  } else if (!spec.empty() && is_align(spec[0])) {
    style.align = spec[0];
    at = 1;
  }
  const auto take = [&](std::string_view set) {
    return at < spec.size() && set.find(spec[at]) != std::string_view::npos;
  };
  if (take("+- ")) style.sign = spec[at++];
  if (take("#")) style.alternate = ++at > 0;
  if (take("0")) {
    ++at;
    if (style.align == 0) {
      style.fill = "0";
      style.align = '=';
    }
  }
  style.width = read_number(spec, at);
  if (take(",")) style.comma = ++at > 0;
  if (take(".")) style.precision = read_number(spec, ++at);
  if (at < spec.size()) style.type = spec[at++];
  if (at != spec.size()) throw Fault("Invalid format specifier '{}'", spec);
  return style;
}

std::string format_value(const Value& value, std::string_view spec) {
  const NumberStyle style = parse_spec(spec);
  if (spec.empty()) return to_text(value);
  if (value.is_string()) {
    if (style.type != 0 && style.type != 's') {
      throw Fault("Unknown format code '{}' for object of type 'str'", style.type);
    }
    return format_text(value.string(), style);
  }
  if (!number_of(value)) throw Fault("unsupported format string passed to {}.__format__", type_name(value));
  if (value.is_boolean() && style.type == 0) return format_text(to_text(value), style);
  return format_number(value, style);
}

/// `name.attribute[item]` of a replacement field.
class Field {
 public:
  Field(std::string_view path, const Arguments& arguments, std::size_t& automatic) : rest_(path) {
    const std::string_view first = take_until(".[");
    const bool numbered = !first.empty() && first.find_first_not_of("0123456789") == std::string_view::npos;
    std::size_t at = 0;
    if (first.empty() || numbered) {
      const std::size_t index = numbered ? static_cast<std::size_t>(read_number(first, at)) : automatic++;
      if (index >= arguments.positional.size()) {
        throw Fault("Replacement index {} out of range for positional args tuple", index);
      }
      value_ = arguments.positional[index];
      return;
    }
    for (const auto& [name, value] : arguments.named) {
      if (name == first) {
        value_ = value;
        return;
      }
    }
    throw Fault("KeyError: '{}'", first);
  }

  Value resolve() {
    while (!rest_.empty()) {
      const bool item = rest_.front() == '[';
      rest_.remove_prefix(1);
      const std::string_view name = take_until(item ? "]" : ".[");
      if (item && !rest_.empty()) rest_.remove_prefix(1);
      const bool numbered = !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
      std::size_t at = 0;
      const Value key = item && numbered ? Value(read_number(name, at)) : Value(name);
      value_ = item ? item_of(value_, key) : attribute_of(value_, name, key);
    }
    return value_;
  }

 private:
  std::string_view take_until(std::string_view ends) {
    const std::size_t end = std::min(rest_.find_first_of(ends), rest_.size());
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return taken;
  }

  std::string_view rest_;
  Value value_;
};

}  // namespace

std::string pad(std::string_view text, std::int64_t width, char align, std::string_view fill) {
  const auto size = static_cast<std::int64_t>(unicode::length(text));
  const std::int64_t missing = std::max<std::int64_t>(width - size, 0);
  if (missing > static_cast<std::int64_t>(kMaxText)) throw Fault("string of more than {} bytes", kMaxText);
  const std::int64_t before = align == '<' ? 0 : align == '>' ? missing : missing / 2;
  std::string out;
  for (std::int64_t i = 0; i < before; ++i) out += fill;
  out += text;
  for (std::int64_t i = before; i < missing; ++i) out += fill;
  return out;
}

Value format_percent(std::string_view text, const Value& values) {
  PercentValues source(values);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '%') {
      out += text[at++];
      continue;
    }
    ++at;
    std::optional<Value> value;
    if (at < text.size() && text[at] == '(') {
      const std::size_t end = text.find(')', at);
      if (end == std::string_view::npos) throw Fault("incomplete format key");
      value = source.named(text.substr(at + 1, end - at - 1));
      at = end + 1;
    }
    NumberStyle style;
    read_flags(text, at, style);
    style.width = read_number(text, at);
    if (at < text.size() && text[at] == '.') style.precision = read_number(text, ++at);
    if (at >= text.size()) throw Fault("incomplete format");
    style.type = text[at++];
    if (style.type == '%') {
      out += '%';
    } else {
      out += percent_one(value ? *value : source.next(), style);
    }
  }
  source.check_all_used();
  return make_string(std::move(out));
}

Value format_braces(std::string_view text, const Arguments& arguments) {
  std::string out;
  std::size_t automatic = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c != '{' && c != '}') {
      out += c;
      continue;
    }
    if (at < text.size() && text[at] == c) {
      out += c;
      ++at;
      continue;
    }
    if (c == '}') throw Fault("Single '}}' encountered in format string");
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) throw Fault("expected '}}' before end of string");
    std::string_view field = text.substr(at, end - at);
    at = end + 1;
    const std::size_t colon = field.find(':');
    const std::string_view spec = colon == std::string_view::npos ? "" : field.substr(colon + 1);
    field = field.substr(0, colon);
    const std::size_t mark = field.find('!');
    const char conversion = mark == std::string_view::npos || mark + 1 >= field.size() ? 0 : field[mark + 1];
    Value value = Field(field.substr(0, mark), arguments, automatic).resolve();
    if (conversion == 's') value = Value(to_text(value));
    if (conversion == 'r' || conversion == 'a') value = Value(repr(value));
    out += format_value(value, spec);
  }
  return make_string(std::move(out));
}

}  // namespace eft::jinja
