#pragma once

#include <nlohmann/json_fwd.hpp>

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// JSON as Python's json.loads would give it. Throws Fault when nested too deeply.
Value from_json(const nlohmann::ordered_json& json);

}  // namespace eft::jinja
