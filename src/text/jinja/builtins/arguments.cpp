#include "text/jinja/builtins/arguments.h"

#include <algorithm>

#include "base/error.h"

namespace eft::jinja {

Bound::Bound(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> names,
             std::size_t required)
    : function_(function) {
  expect(names.size() <= kMost, "no more parameters than Bound holds");
  std::copy(names.begin(), names.end(), names_.begin());
  if (arguments.positional.size() > names.size()) {
    throw Fault("{}() takes at most {} arguments ({} given)", function, names.size(), arguments.positional.size());
  }
  for (std::size_t i = 0; i < arguments.positional.size(); ++i) values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) throw Fault("{}() got an unexpected keyword argument '{}'", function, name);
    const auto index = static_cast<std::size_t>(found - names.begin());
    if (values_[index] != nullptr) throw Fault("{}() got multiple values for argument '{}'", function, name);
    values_[index] = &value;
  }
  for (std::size_t i = 0; i < required; ++i) {
    if (values_[i] == nullptr) throw Fault("{}() missing required argument '{}'", function, names_[i]);
  }
}

bool Bound::truth(std::size_t index, bool fallback) const {
  return at(index) != nullptr ? jinja::truth(*at(index)) : fallback;
}

std::int64_t Bound::integer(std::size_t index, std::int64_t fallback) const {
  if (at(index) == nullptr || at(index)->is_none()) return fallback;
  if (at(index)->is_integral()) return at(index)->integer();
  throw Fault("{}() argument '{}' must be int, not {}", function_, names_[index], type_name(*at(index)));
}

std::optional<std::string_view> Bound::text(std::size_t index) const {
  if (at(index) == nullptr || at(index)->is_none()) return std::nullopt;
  if (at(index)->is_string()) return at(index)->string();
  throw Fault("{}() argument '{}' must be str, not {}", function_, names_[index], type_name(*at(index)));
}

}  // namespace eft::jinja
