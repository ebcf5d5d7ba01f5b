#include "text/jinja/values/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

Value convert(const nlohmann::ordered_json& json, int depth) {
  if (depth > kMaxDepth) throw Fault("JSON is nested deeper than {} levels", kMaxDepth);
  switch (json.type()) {
    case nlohmann::json::value_t::boolean:
      return json.get<bool>();
    case nlohmann::json::value_t::number_integer:
      return json.get<std::int64_t>();
    case nlohmann::json::value_t::number_float:
      return json.get<double>();
    case nlohmann::json::value_t::string:
      return json.get_ref<const std::string&>();
    case nlohmann::json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return static_cast<std::int64_t>(number);
      return std::make_shared<const BigInteger>(BigInteger{std::to_string(number)});
    }
    case nlohmann::json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const auto& item : json) items.push_back(convert(item, depth + 1));
      return make_sequence(std::move(items));
    }
    case nlohmann::json::value_t::object: {
      std::vector<std::pair<Value, Value>> entries;
      entries.reserve(json.size());
      for (const auto& [key, value] : json.items()) entries.emplace_back(key, convert(value, depth + 1));
      return make_dict(std::move(entries));
    }
    default:
      return Value::None{};
  }
}

void write_string(std::string& out, std::string_view text, bool ascii) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = unicode::next(text, at);
    switch (c) {
      case '"':
        out += "\\\"";
        continue;
      case '\\':
        out += "\\\\";
        continue;
      case '\n':
        out += "\\n";
        continue;
      case '\r':
        out += "\\r";
        continue;
      case '\t':
        out += "\\t";
        continue;
      case '\b':
        out += "\\b";
        continue;
      case '\f':
        out += "\\f";
        continue;
      default:
        break;
    }
    if (c >= 0x10000 && ascii) {
      const auto high = static_cast<unsigned>(0xd800 + ((c - 0x10000) >> 10));
      out += fmt::format("\\u{:04x}\\u{:04x}", high, static_cast<unsigned>(0xdc00 + ((c - 0x10000) & 0x3ff)));
    } else if (c < 0x20 || (c > 0x7e && ascii)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(begin, at - begin);
    }
  }
  out += '"';
}

std::string key_text(const Value& key) {
  switch (key.kind()) {
    case Kind::string:
      return key.string();
    case Kind::none:
      return "null";
    case Kind::boolean:
      return key.boolean() ? "true" : "false";
    case Kind::integer:
    case Kind::big_integer:
    case Kind::real:
      return to_text(key);
    default:
      throw Fault("keys must be str, int, float, bool or None, not {}", type_name(key));
  }
}

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  std::string write(const Value& value) {
    write_value(value);
    return std::move(out_);
  }

 private:
  void write_value(const Value& value) {
    if (out_.size() > kMaxText) throw Fault("text of more than {} bytes", kMaxText);
    switch (value.kind()) {
      case Kind::none:
        out_ += "null";
        return;
      case Kind::boolean:
        out_ += value.boolean() ? "true" : "false";
        return;
      case Kind::integer:
      case Kind::big_integer:
        out_ += to_text(value);
        return;
      case Kind::real:
        write_real(value.real());
        return;
      case Kind::string:
        write_string(out_, value.string(), style_.ascii);
        return;
      case Kind::dict:
        write_dict(value.dict());
        return;
      case Kind::sequence:
        if (value.sequence()->flavor <= Sequence::Flavor::tuple) {
          write_list(value.sequence()->items);
          return;
        }
        break;
      default:
        break;
    }
    throw Fault("Object of type {} is not JSON serializable", type_name(value));
  }

  void write_real(double number) {
    if (std::isnan(number)) {
      out_ += "NaN";
    } else if (std::isinf(number)) {
      out_ += number < 0 ? "-Infinity" : "Infinity";
    } else {
      out_ += repr_real(number);
    }
  }

  void write_list(const std::vector<Value>& items) {
    if (items.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    ++level_;
    for (std::size_t i = 0; i < items.size(); ++i) {
      separate(i > 0);
      write_value(items[i]);
    }
    close(']');
  }

  void write_dict(const Dict& dict) {
    if (dict.entries.empty()) {
      out_ += "{}";
      return;
    }
    auto entries = dict.entries;
    if (style_.sort_keys) {
      std::stable_sort(entries.begin(), entries.end(),
                       [](const auto& a, const auto& b) { return less(a.first, b.first); });
    }
    out_ += '{';
    ++level_;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      separate(i > 0);
      write_string(out_, key_text(entries[i].first), style_.ascii);
      out_ += style_.key_separator;
      write_value(entries[i].second);
    }
    close('}');
  }

  void separate(bool between) {
    if (between) out_ += style_.item_separator;
    new_line();
  }

  void close(char bracket) {
    --level_;
    new_line();
    out_ += bracket;
  }

  void new_line() {
    if (!style_.indent) return;
    out_ += '\n';
    for (int i = 0; i < level_; ++i) out_ += *style_.indent;
  }

  const JsonStyle& style_;
  std::string out_;
  int level_ = 0;
};

}  // namespace

Value from_json(const nlohmann::ordered_json& json) { return convert(json, 0); }

std::string to_json(const Value& value, const JsonStyle& style) { return JsonWriter(style).write(value); }

}  // namespace eft::jinja
