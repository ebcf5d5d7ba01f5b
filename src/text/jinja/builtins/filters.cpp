#include "text/jinja/builtins/filters.h"

#include <algorithm>

#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/builtins/split.h"
#include "text/jinja/unicode/unicode.h"

namespace eft::jinja {

Filter find_filter(std::string_view name) {
  for (auto find : {find_text_filter, find_number_filter, find_sequence_filter, find_selection_filter}) {
    if (const Filter found = find(name)) return found;
  }
  return nullptr;
}

Value follow_path(Value item, const Value& path) {
  if (path.is_none()) return item;
  if (!path.is_string()) return item_of(item, path);
  for (auto part : split_left(path.string(), ".", -1)) {
    const bool number =
        !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == std::string_view::npos;
    item = item_of(item, number ? Value(static_cast<std::int64_t>(std::stoi(std::string(part)))) : Value(part));
  }
  return item;
}

Value without_case(const Value& value) { return value.is_string() ? Value(unicode::lower(value.string())) : value; }

}  // namespace eft::jinja
