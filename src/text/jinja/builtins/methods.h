#pragma once

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// A method of a built-in type; `self` has that type.
using Method = Value (*)(Render&, const Value& self, const Arguments&);

/// The method `name` of the object's type, or null.
Method find_method(const Value& object, std::string_view name);
/// Whether Python has a method of this name that the sandbox refuses because it changes the object.
bool is_refused_method(const Value& object, std::string_view name);

/// Tables by type.
Method find_string_method(std::string_view name);
Method find_container_method(const Value& object, std::string_view name);

}  // namespace eft::jinja
