#pragma once

#include <string_view>

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// `input|name(arguments)`
using Filter = Value (*)(Render&, const Value& input, const Arguments&);
/// `input is name(arguments)`
using Test = bool (*)(Render&, const Value& input, const Arguments&);

struct FilterRow {
  std::string_view name;
  Filter filter;
};

/// By name; null when there is none.
Filter find_filter(std::string_view name);
Test find_test(std::string_view name);
/// The functions that every template sees, by name; undefined when there is none.
Value find_global(std::string_view name);

/// Tables by subject.
Filter find_text_filter(std::string_view name);
Filter find_number_filter(std::string_view name);
Filter find_sequence_filter(std::string_view name);
Filter find_selection_filter(std::string_view name);

/// Follows a path such as "function.name" or 0 into `item`, as filters with `attribute=` do.
Value follow_path(Value item, const Value& path);
/// Lower case for strings, others as they are.
Value without_case(const Value& value);

}  // namespace eft::jinja
