#pragma once

#include <functional>
#include <istream>
#include <optional>
#include <string>

namespace eft {

/// Turns as a person types them: a line; lines that end in a backslash together with the one behind; or all lines from
/// one that begins with """ to one that ends with it.
class TurnInput {
 public:
  /// `ask` is called before each line is read; `more` says that the turn has begun.
  TurnInput(std::istream& lines, std::function<void(bool more)> ask);

  /// The next turn, perhaps empty; nothing at the end of the input.
  std::optional<std::string> next();

 private:
  std::optional<std::string> line(bool more);
  std::string block(std::string first);

  std::istream& lines_;
  std::function<void(bool)> ask_;
};

}  // namespace eft
