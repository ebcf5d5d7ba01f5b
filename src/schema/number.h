#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eft {

/// A whole decimal number that fits 64 bits: "12", "-3", "+4".
std::optional<std::int64_t> parse_integer(std::string_view text);
/// A finite decimal number: "0.5", "2e-4", ".5", "1".
std::optional<double> parse_number(std::string_view text);
/// The shortest text that parse_number reads back to the same value; whole numbers have no point.
std::string number_text(double value);

}  // namespace eft
