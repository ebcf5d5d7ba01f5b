#pragma once

#include <string>

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// What stands between % or : and the type letter.
struct NumberStyle {
  std::string fill = " ";
  char align = 0;  ///< '<', '>', '^', '=' or the type's own
  char sign = '-';
  bool alternate = false;
  bool comma = false;
  std::int64_t width = 0;
  std::int64_t precision = -1;
  char type = 0;
};

/// An int or float by a type letter out of d, x, X, o, b, f, F, e, E, g, G, %. Throws Fault for another.
std::string format_number(const Value& value, const NumberStyle& style);
/// A string cut to the precision and widened.
std::string format_text(std::string_view text, const NumberStyle& style);
/// Reads decimal digits at `position`; throws Fault beyond what a template can mean.
std::int64_t read_number(std::string_view text, std::size_t& position);

}  // namespace eft::jinja
