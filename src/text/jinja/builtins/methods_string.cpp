#include <algorithm>
#include <array>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/values/format.h"
#include "text/jinja/builtins/methods.h"
#include "text/jinja/values/print.h"
#include "text/jinja/builtins/split.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {
namespace {

template <std::string (*convert)(std::string_view)>
Value converted(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("method", arguments, {});
  return make_string(convert(self.string()));
}

template <bool left, bool right>
Value stripped(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("strip", arguments, {"chars"});
  return Value(unicode::strip(self.string(), bound.text(0), left, right));
}

/// The part of the string between two optional code point indices, and the byte where it begins.
std::pair<std::string_view, std::size_t> part_of(std::string_view text, const Bound& bound) {
  if (bound.at(1) == nullptr && bound.at(2) == nullptr) return {text, 0};
  const auto size = static_cast<std::int64_t>(unicode::length(text));
  const auto clamp = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + size : at, 0, size); };
  const std::int64_t begin = clamp(bound.integer(1, 0));
  const std::int64_t end = std::max(begin, clamp(bound.integer(2, size)));
  const std::size_t first = unicode::offset_of(text, static_cast<std::size_t>(begin));
  const std::size_t last = unicode::offset_of(text, static_cast<std::size_t>(end));
  return {text.substr(first, last - first), first};
}

template <bool at_front>
Value has_affix(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound(at_front ? "startswith" : "endswith", arguments, {"prefix", "start", "end"}, 1);
  const std::string_view text = part_of(self.string(), bound).first;
  const auto matches = [&](const Value& affix) {
    if (!affix.is_string()) {
      throw Fault("{} first arg must be str or a tuple of str, not {}", at_front ? "startswith" : "endswith",
                  type_name(affix));
    }
    return at_front ? text.starts_with(affix.string()) : text.ends_with(affix.string());
  };
  const Value& affix = *bound.at(0);
  const bool tuple = affix.is_sequence() && affix.sequence()->flavor == Sequence::Flavor::tuple;
  if (!tuple) return matches(affix);
  const auto& items = affix.sequence()->items;
  return std::any_of(items.begin(), items.end(), matches);
}

template <bool from_right>
std::int64_t find_in(const Value& self, const Arguments& arguments, std::string_view name) {
  const Bound bound(name, arguments, {"sub", "start", "end"}, 1);
  const auto wanted = bound.text(0);
  if (!wanted) throw Fault("must be str, not NoneType");
  const std::string_view text = self.string();
  const auto [part, begin] = part_of(text, bound);
  const std::size_t found = from_right ? part.rfind(*wanted) : part.find(*wanted);
  if (found == std::string_view::npos) return -1;
  return static_cast<std::int64_t>(unicode::length(text.substr(0, begin + found)));
}

template <bool from_right>
Value find(Render&, const Value& self, const Arguments& arguments) {
  return find_in<from_right>(self, arguments, "find");
}

template <bool from_right>
Value index(Render&, const Value& self, const Arguments& arguments) {
  const std::int64_t found = find_in<from_right>(self, arguments, "index");
  if (found < 0) throw Fault("substring not found");
  return found;
}

Value count(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("count", arguments, {"sub", "start", "end"}, 1);
  const auto wanted = bound.text(0).value_or("");
  const std::string_view part = part_of(self.string(), bound).first;
  if (wanted.empty()) return unicode::length(part) + 1;
  std::int64_t total = 0;
  for (std::size_t at = part.find(wanted); at != std::string_view::npos; at = part.find(wanted, at + wanted.size()))
    ++total;
  return total;
}

Value replace(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("replace", arguments, {"old", "new", "count"}, 2);
  const auto old = bound.text(0);
  const auto fresh = bound.text(1);
  if (!old || !fresh) throw Fault("replace() argument must be str, not NoneType");
  return make_string(replace_all(self.string(), *old, *fresh, bound.integer(2, -1)));
}

template <bool from_right>
Value split(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("split", arguments, {"sep", "maxsplit"});
  const auto separator = bound.text(0);
  if (separator && separator->empty()) throw Fault("empty separator");
  const std::int64_t most = bound.integer(1, -1);
  return text_list(from_right ? split_right(self.string(), separator, most)
                              : split_left(self.string(), separator, most));
}

Value split_lines(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("splitlines", arguments, {"keepends"});
  return text_list(unicode::split_lines(self.string(), bound.truth(0)));
}

template <bool from_right>
Value partition(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("partition", arguments, {"sep"}, 1);
  const auto separator = bound.text(0).value_or("");
  if (separator.empty()) throw Fault("empty separator");
  const std::string_view text = self.string();
  const std::size_t at = from_right ? text.rfind(separator) : text.find(separator);
  std::vector<Value> parts;
  if (at == std::string_view::npos) {
    parts = {"", "", ""};
    parts[from_right ? 2 : 0] = self;
  } else {
    parts = {text.substr(0, at), separator, text.substr(at + separator.size())};
  }
  return make_sequence(std::move(parts), Sequence::Flavor::tuple);
}

Value join(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("join", arguments, {"iterable"}, 1);
  std::string out;
  const auto items = iterate(*bound.at(0));
  for (std::size_t i = 0; i < items->items.size(); ++i) {
    const Value& item = items->items[i];
    if (!item.is_string()) throw Fault("sequence item {}: expected str instance, {} found", i, type_name(item));
    if (i > 0) out += self.string();
    out += item.string();
    if (out.size() > kMaxText) throw Fault("string of more than {} bytes", kMaxText);
  }
  return make_string(std::move(out));
}

template <bool at_front>
Value remove_affix(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("removeprefix", arguments, {"affix"}, 1);
  const auto affix = bound.text(0).value_or("");
  std::string_view text = self.string();
  if (at_front && text.starts_with(affix)) text.remove_prefix(affix.size());
  if (!at_front && text.ends_with(affix)) text.remove_suffix(affix.size());
  return Value(text);
}

template <char align>
Value justified(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("just", arguments, {"width", "fillchar"}, 1);
  return make_string(pad(self.string(), bound.integer(0, 0), align, bound.text(1).value_or(" ")));
}

Value centered(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("center", arguments, {"width", "fillchar"}, 1);
  return make_string(center(self.string(), bound.integer(0, 0), bound.text(1).value_or(" ")));
}

Value fill_zeros(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("zfill", arguments, {"width"}, 1);
  const std::string_view text = self.string();
  const bool is_signed = text.starts_with('-') || text.starts_with('+');
  const std::string_view sign = text.substr(0, is_signed ? 1 : 0);
  const auto width = bound.integer(0, 0) - static_cast<std::int64_t>(sign.size());
  return make_string(std::string(sign) + pad(text.substr(sign.size()), width, '>', "0"));
}

Value formatted(Render&, const Value& self, const Arguments& arguments) {
  return format_braces(self.string(), arguments);
}

template <bool (*member)(char32_t)>
Value all_are(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("method", arguments, {});
  const std::string_view text = self.string();
  for (std::size_t at = 0; at < text.size();) {
    if (!member(unicode::next(text, at))) return false;
  }
  return !text.empty();
}

bool is_letter_or_digit(char32_t code) { return unicode::is_alpha(code) || unicode::is_digit(code); }

template <bool up>
Value has_case(Render&, const Value& self, const Arguments& arguments) {
  const Bound bound("method", arguments, {});
  return is_all_case(self.string(), up);
}

struct Row {
  std::string_view name;
  Method method;
};

/// Sorted by name.
constexpr std::array kMethods = {
    Row{"capitalize", converted<unicode::capitalize>},
    Row{"casefold", converted<unicode::lower>},
    Row{"center", centered},
    Row{"count", count},
    Row{"endswith", has_affix<false>},
    Row{"find", find<false>},
    Row{"format", formatted},
    Row{"index", index<false>},
    Row{"isalnum", all_are<is_letter_or_digit>},
    Row{"isalpha", all_are<unicode::is_alpha>},
    Row{"isdecimal", all_are<unicode::is_digit>},
    Row{"isdigit", all_are<unicode::is_digit>},
    Row{"islower", has_case<false>},
    Row{"isnumeric", all_are<unicode::is_digit>},
    Row{"isspace", all_are<unicode::is_space>},
    Row{"isupper", has_case<true>},
    Row{"join", join},
    Row{"ljust", justified<'<'>},
    Row{"lower", converted<unicode::lower>},
    Row{"lstrip", stripped<true, false>},
    Row{"partition", partition<false>},
    Row{"removeprefix", remove_affix<true>},
    Row{"removesuffix", remove_affix<false>},
    Row{"replace", replace},
    Row{"rfind", find<true>},
    Row{"rindex", index<true>},
    Row{"rjust", justified<'>'>},
    Row{"rpartition", partition<true>},
    Row{"rsplit", split<true>},
    Row{"rstrip", stripped<false, true>},
    Row{"split", split<false>},
    Row{"splitlines", split_lines},
    Row{"startswith", has_affix<true>},
    Row{"strip", stripped<true, true>},
    Row{"swapcase", converted<unicode::swap_case>},
    Row{"title", converted<unicode::title>},
    Row{"upper", converted<unicode::upper>},
    Row{"zfill", fill_zeros},
};

}  // namespace

Method find_string_method(std::string_view name) {
  const auto found = std::lower_bound(kMethods.begin(), kMethods.end(), name,
                                      [](const Row& row, std::string_view wanted) { return row.name < wanted; });
  return found != kMethods.end() && found->name == name ? found->method : nullptr;
}

}  // namespace eft::jinja
