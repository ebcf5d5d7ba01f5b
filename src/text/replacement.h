#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eft {

/// Every occurrence of `pattern` becomes `content`.
struct Replacement {
  std::string pattern;
  std::string content;
};

/// `text` after the replacements, one after the other.
std::string replaced(std::string_view text, const std::vector<Replacement>& replacements);

/// The normalizer of a tokenizer: replacements of single characters, so that every character of the normalized text
/// comes from exactly one of the original.
class Normalizer {
 public:
  Normalizer() = default;
  /// Each pattern must be one character.
  explicit Normalizer(const std::vector<Replacement>& steps);

  std::string operator()(std::string_view text) const;
  /// What `character` (one of the original) becomes.
  std::string_view of_character(std::string_view character) const;

 private:
  std::array<bool, 256> leads_{};  // first bytes of characters that change
  std::vector<Replacement> changes_;
};

/// Walks from places in a normalized text to the bytes of the original that they come from.
class OriginCursor {
 public:
  /// `original` stands at `offset` of the whole text.
  OriginCursor(const Normalizer& normalizer, std::string_view original, std::size_t offset)
      : normalizer_(normalizer), original_(original), offset_(offset) {}

  /// The original bytes [begin, end) of the characters that the normalized bytes [begin, end) come from. Calls must
  /// never go backwards.
  std::pair<std::size_t, std::size_t> origin(std::size_t begin, std::size_t end);

 private:
  std::string_view character() const;
  void advance_to(std::size_t normalized);

  const Normalizer& normalizer_;
  std::string_view original_;
  std::size_t offset_;
  std::size_t at_ = 0;          // in the original
  std::size_t normalized_ = 0;  // the same place in the normalized text
};

}  // namespace eft
