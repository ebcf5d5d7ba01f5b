#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace eft {

/// "1,234,567".
std::string with_thousands(std::int64_t value);
/// "3 files", "1 file".
std::string counted(std::int64_t count, const std::string& noun);
/// "2h 03m", "4m 05s", "6.7s".
std::string format_seconds(double seconds);
/// "1.23 GB" (1 GB = 1e9 bytes).
std::string format_size(std::int64_t bytes);
/// Bytes of "8GB", "7.5 GiB", "800 MB" or "1000000"; none when it is no such size.
std::optional<std::int64_t> parse_size(const std::string& text);

}  // namespace eft
