#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eft {

/// A text with places to fill in, as Python's str.format takes it: {name}, and {{ and }} for braces.
class TextPattern {
 public:
  /// `key` stands in errors. Throws ConfigError for a name that is not among `names` and for a lonely brace.
  TextPattern(const std::string& key, std::string_view text, std::vector<std::string> names);

  /// The text with `values` in the places of the names, in their order.
  std::string fill(std::span<const std::string_view> values) const;
  bool empty() const { return pieces_.empty(); }

 private:
  struct Piece {
    std::string text;
    int name = -1;  ///< the value behind `text`; -1: none
  };

  std::vector<Piece> pieces_;
};

}  // namespace eft
