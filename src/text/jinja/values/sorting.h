#pragma once

#include "text/jinja/values/value.h"

/// Filters that put values in order.
namespace eft::jinja {

Value sort_dict(Render&, const Value& input, const Arguments& arguments);
Value sort_items(Render&, const Value& input, const Arguments& arguments);
Value group_by(Render&, const Value& input, const Arguments& arguments);
Value smallest(Render&, const Value& input, const Arguments& arguments);
Value largest(Render&, const Value& input, const Arguments& arguments);

}  // namespace eft::jinja
