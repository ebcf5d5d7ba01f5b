#pragma once

#include <fmt/format.h>

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace eft {

/// What a user can do something about. The message reads `where: what, got, expected; hint` on one line; `main` prints it
/// and exits with `exit_code()`.
class Error : public std::runtime_error {
 public:
  Error(int exit_code, const std::string& message) : std::runtime_error(message), exit_code_(exit_code) {}
  /// Process exit code: 2 configuration, 3 data, 4 file, 5 device.
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

/// Wrong option, YAML key, command line or model configuration (exit code 2).
struct ConfigError : Error {
  template <class... Args>
  explicit ConfigError(fmt::format_string<Args...> text, Args&&... args)
      : Error(2, fmt::format(text, std::forward<Args>(args)...)) {}
};

/// Wrong row, template, tokenizer or tensor contents (exit code 3).
struct DataError : Error {
  template <class... Args>
  explicit DataError(fmt::format_string<Args...> text, Args&&... args)
      : Error(3, fmt::format(text, std::forward<Args>(args)...)) {}
};

/// A file that is missing, truncated, unreadable or cannot be written (exit code 4).
struct FileError : Error {
  template <class... Args>
  explicit FileError(fmt::format_string<Args...> text, Args&&... args)
      : Error(4, fmt::format(text, std::forward<Args>(args)...)) {}
};

/// No such device or kernel, or out of memory (exit code 5).
struct DeviceError : Error {
  template <class... Args>
  explicit DeviceError(fmt::format_string<Args...> text, Args&&... args)
      : Error(5, fmt::format(text, std::forward<Args>(args)...)) {}
};

/// A mistake of ours, never of the user's: names the place in the source. Always on.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError with `what` and the caller's place unless `condition` holds.
inline void expect(bool condition, std::string_view what,
                   std::source_location place = std::source_location::current()) {
  if (!condition) [[unlikely]] {
    throw InternalError(fmt::format("{}:{}: expected {}", place.file_name(), place.line(), what));
  }
}

}  // namespace eft
