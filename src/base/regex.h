#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace eft {

/// A regular expression as Python's `re` reads it. It may come from a downloaded file: length, nesting and the steps of
/// a search are bounded, and passing a bound is an error, never a hang.
class Regex {
 public:
  /// `where` names the key or file that `pattern` stands in, for errors. Throws ConfigError when it is broken or too
  /// large.
  Regex(std::string_view pattern, std::string where);

  /// Whether the whole text matches (re.fullmatch). Throws ConfigError when the search takes too many steps.
  bool matches(std::string_view text) const;
  /// Whether some part of the text matches (re.search). Throws like `matches`.
  bool found_in(std::string_view text) const;

 private:
  bool search(std::string_view text, unsigned options) const;

  std::string pattern_;
  std::string where_;
  std::shared_ptr<void> code_;  // pcre2_code: shared, since it is never changed
};

}  // namespace eft
