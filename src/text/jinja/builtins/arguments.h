#pragma once

#include <array>
#include <initializer_list>
#include <string_view>

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// Call arguments bound to parameter names as Python binds them. Lives no longer than the arguments.
class Bound {
 public:
  /// Throws Fault for too many, unknown or doubled arguments, and when one of the first `required` is missing.
  Bound(std::string_view function, const Arguments& arguments, std::initializer_list<std::string_view> names,
        std::size_t required = 0);

  /// The argument, or null when it was not given.
  const Value* at(std::size_t index) const { return values_[index]; }
  Value value(std::size_t index, Value fallback) const { return at(index) ? *at(index) : std::move(fallback); }
  bool truth(std::size_t index, bool fallback = false) const;
  /// Throws Fault unless it is an int; none counts as not given.
  std::int64_t integer(std::size_t index, std::int64_t fallback) const;
  /// Throws Fault unless it is a string; none counts as not given.
  std::optional<std::string_view> text(std::size_t index) const;

 private:
  static constexpr std::size_t kMost = 6;
  std::string_view function_;
  std::array<const Value*, kMost> values_{};
  std::array<std::string_view, kMost> names_{};
};

}  // namespace eft::jinja
