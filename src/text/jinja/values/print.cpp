#include "text/jinja/values/print.h"

#include <charconv>
#include <cmath>

#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

void check_size(const std::string& out) {
  if (out.size() > kMaxText) throw Fault("text of more than {} bytes", kMaxText);
}

void repr_into(std::string& out, const Value& value, int depth);

void repr_string(std::string& out, std::string_view text) {
  const bool doubles = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = doubles ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = unicode::next(text, at);
    if (c == static_cast<unsigned char>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c >= 0x20 && (c < 0x7f || unicode::is_printable(c))) {
      out += text.substr(begin, at - begin);
    } else if (c < 0x100) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    } else if (c < 0x10000) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += fmt::format("\\U{:08x}", static_cast<unsigned>(c));
    }
  }
  out += quote;
}

void repr_items(std::string& out, const std::vector<Value>& items, int depth) {
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ", ";
    first = false;
    repr_into(out, item, depth);
  }
}

void repr_sequence(std::string& out, const Sequence& sequence, int depth) {
  using Flavor = Sequence::Flavor;
  switch (sequence.flavor) {
    case Flavor::range:
      out += sequence.label;
      return;
    case Flavor::iterator:
      out += "<generator object>";
      return;
    case Flavor::tuple:
      out += '(';
      repr_items(out, sequence.items, depth);
      out += sequence.items.size() == 1 ? ",)" : ")";
      return;
    case Flavor::keys:
      out += "dict_keys(";
      break;
    case Flavor::values:
      out += "dict_values(";
      break;
    case Flavor::items:
      out += "dict_items(";
      break;
    case Flavor::list:
      break;
  }
  out += '[';
  repr_items(out, sequence.items, depth);
  out += sequence.flavor == Flavor::list ? "]" : "])";
}

void repr_dict(std::string& out, const Dict& dict, int depth) {
  out += '{';
  bool first = true;
  for (const auto& [key, value] : dict.entries) {
    if (!first) out += ", ";
    first = false;
    repr_into(out, key, depth);
    out += ": ";
    repr_into(out, value, depth);
  }
  out += '}';
}

void repr_namespace(std::string& out, const Namespace& space, int depth) {
  out += "<Namespace {";
  bool first = true;
  for (const auto& [name, value] : space.attributes) {
    if (!first) out += ", ";
    first = false;
    repr_string(out, name);
    out += ": ";
    repr_into(out, value, depth);
  }
  out += "}>";
}

void repr_into(std::string& out, const Value& value, int depth) {
  // Only a namespace that holds itself gets here: other values are bounded when they are made.
  if (depth > 2 * kMaxDepth) throw Fault("maximum recursion depth exceeded while printing");
  check_size(out);
  switch (value.kind()) {
    case Kind::undefined:
      out += "Undefined";
      break;
    case Kind::none:
      out += "None";
      break;
    case Kind::boolean:
      out += value.boolean() ? "True" : "False";
      break;
    case Kind::integer:
      out += fmt::format_int(value.integer()).c_str();
      break;
    case Kind::big_integer:
      out += value.big_integer().digits;
      break;
    case Kind::real:
      out += repr_real(value.real());
      break;
    case Kind::string:
      repr_string(out, value.string());
      break;
    case Kind::sequence:
      repr_sequence(out, *value.sequence(), depth + 1);
      break;
    case Kind::dict:
      repr_dict(out, value.dict(), depth + 1);
      break;
    case Kind::name_space:
      repr_namespace(out, *value.name_space(), depth + 1);
      break;
    case Kind::callable:
      out += value.callable().label;
      break;
    case Kind::loop:
      out += fmt::format("<LoopContext {}/{}>", value.loop()->index0 + 1, value.loop()->length());
      break;
  }
}

}  // namespace

std::string repr_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(result.ptr - buffer));
  const std::size_t split = text.find('e');
  int exponent = 0;
  const bool negative_exponent = text[split + 1] == '-';
  std::from_chars(text.data() + split + 2, text.data() + text.size(), exponent);
  if (negative_exponent) exponent = -exponent;

  std::string digits;
  for (char c : text.substr(0, split)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  std::string out = text.front() == '-' ? "-" : "";
  const int count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    return out + fmt::format("e{}{:02}", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  if (count <= exponent + 1)
    return out + digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
  return out + digits.substr(0, static_cast<std::size_t>(exponent) + 1) + "." +
         digits.substr(static_cast<std::size_t>(exponent) + 1);
}

void append_text(std::string& out, const Value& value) {
  if (value.is_string()) {
    out += value.string();
  } else if (!value.is_undefined()) {
    repr_into(out, value, 0);
  }
  check_size(out);
}

std::string to_text(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

std::string repr(const Value& value) {
  std::string out;
  repr_into(out, value, 0);
  return out;
}

}  // namespace eft::jinja
