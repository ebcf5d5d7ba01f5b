#include <algorithm>
#include <array>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/format.h"
#include "text/jinja/values/print.h"
#include "text/jinja/builtins/split.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

template <std::string (*convert)(std::string_view)>
Value converted(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("filter", arguments, {});
  return make_string(convert(to_text(input)));
}

/// Words begin behind white space and opening marks; unlike str.title, not behind apostrophes or digits.
std::string title_words(std::string_view text) {
  std::string out;
  std::string_view word = text;
  const auto flush = [&](std::string_view part) {
    if (part.empty()) return;
    const std::size_t first = unicode::offset_of(part, 1);
    out += unicode::upper(part.substr(0, first)) + unicode::lower(part.substr(first));
  };
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = unicode::next(text, at);
    if (!unicode::is_space(c) && c != '-' && c != '(' && c != '{' && c != '[' && c != '<') continue;
    flush(text.substr(start, begin - start));
    out += text.substr(begin, at - begin);
    start = at;
  }
  flush(word.substr(start));
  return out;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string unchanged(std::string_view text) { return std::string(text); }

Value trim(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("trim", arguments, {"chars"});
  return Value(unicode::strip(to_text(input), bound.text(0)));
}

Value replace(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("replace", arguments, {"old", "new", "count"}, 2);
  return make_string(replace_all(to_text(input), to_text(*bound.at(0)), to_text(*bound.at(1)), bound.integer(2, -1)));
}

Value center_text(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("center", arguments, {"width"});
  return make_string(center(to_text(input), bound.integer(0, 80)));
}

Value indent(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("indent", arguments, {"width", "first", "blank"});
  if (!input.is_string()) throw Fault("unsupported operand type(s) for +=: '{}' and 'str'", type_name(input));
  const bool text_width = bound.at(0) != nullptr && bound.at(0)->is_string();
  const std::string indention = text_width ? bound.at(0)->string() : pad("", bound.integer(0, 4), '<');
  const std::string text = input.string() + "\n";
  const bool blank = bound.truth(2);
  std::string out = bound.truth(1) ? indention : "";
  bool first = true;
  for (auto line : unicode::split_lines(text)) {
    if (!first) out += '\n';
    if (!first && (blank || !line.empty())) out += indention;
    out += line;
    first = false;
  }
  return make_string(std::move(out));
}

Value truncate(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("truncate", arguments, {"length", "killwords", "end", "leeway"});
  if (!size_of(input)) throw Fault("object of type '{}' has no len()", type_name(input));
  const std::int64_t length = bound.integer(0, 255);
  const std::string end(bound.text(2).value_or("..."));
  const auto end_size = static_cast<std::int64_t>(unicode::length(end));
  if (length < end_size) throw Fault("expected length >= {}, got {}", end_size, length);
  if (static_cast<std::int64_t>(*size_of(input)) <= length + bound.integer(3, 5)) return input;
  if (!input.is_string()) throw Fault("truncate: expected str, got {}", type_name(input));
  const std::string_view text = input.string();
  const std::string_view kept = text.substr(0, unicode::offset_of(text, static_cast<std::size_t>(length - end_size)));
  if (bound.truth(1)) return Value(std::string(kept) + end);
  return Value(std::string(split_right(kept, " ", 1).front()) + end);
}

Value word_count(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("wordcount", arguments, {});
  const std::string text = to_text(input);
  std::int64_t count = 0;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = unicode::next(text, at);
    const bool word = c == '_' || unicode::is_alpha(c) || unicode::is_digit(c);
    if (word && !inside) ++count;
    inside = word;
  }
  return count;
}

Value format(Render&, const Value& input, const Arguments& arguments) {
  if (!arguments.positional.empty() && !arguments.named.empty()) {
    throw Fault("can't handle positional and keyword arguments at the same time");
  }
  if (arguments.named.empty()) {
    return format_percent(to_text(input), make_sequence(arguments.positional, Sequence::Flavor::tuple));
  }
  std::vector<std::pair<Value, Value>> entries;
  for (const auto& [name, value] : arguments.named) entries.emplace_back(name, value);
  return format_percent(to_text(input), make_dict(std::move(entries)));
}

Value tojson(Render&, const Value& input, const Arguments& arguments) {
  const Bound bound("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style{.ascii = bound.truth(0), .sort_keys = bound.truth(3)};
  if (const Value* width = bound.at(1); width != nullptr && !width->is_none()) {
    style.indent = width->is_string() ? width->string() : pad("", bound.integer(1, 0), '<');
    style.item_separator = ",";
  }
  if (const Value* separators = bound.at(2); separators != nullptr && !separators->is_none()) {
    const auto parts = iterate(*separators);
    if (parts->items.size() != 2) throw Fault("tojson() separators must be a pair of strings");
    style.item_separator = to_text(parts->items[0]);
    style.key_separator = to_text(parts->items[1]);
  }
  return make_string(to_json(input, style));
}

constexpr std::array kFilters = {
    FilterRow{"capitalize", converted<unicode::capitalize>},
    FilterRow{"center", center_text},
    FilterRow{"e", converted<escape_html>},
    FilterRow{"escape", converted<escape_html>},
    FilterRow{"forceescape", converted<escape_html>},
    FilterRow{"format", format},
    FilterRow{"indent", indent},
    FilterRow{"lower", converted<unicode::lower>},
    FilterRow{"replace", replace},
    FilterRow{"safe", converted<unchanged>},
    FilterRow{"string", converted<unchanged>},
    FilterRow{"title", converted<title_words>},
    FilterRow{"tojson", tojson},
    FilterRow{"trim", trim},
    FilterRow{"truncate", truncate},
    FilterRow{"upper", converted<unicode::upper>},
    FilterRow{"wordcount", word_count},
};

}  // namespace

Filter find_text_filter(std::string_view name) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(), [&](const auto& row) { return row.name == name; });
  return found == kFilters.end() ? nullptr : found->filter;
}

}  // namespace eft::jinja
