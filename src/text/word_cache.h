#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace eft {

/// A token of a word and the bytes of the (normalized) word it takes.
struct BpeToken {
  TokenId id;
  std::uint32_t size;
};

/// What short words became before: text repeats itself. One place for each hash; a newer word takes it from an older.
class WordCache {
 public:
  /// Appends the tokens of `word` to `out`; false when it is not known.
  bool find(std::string_view word, std::vector<BpeToken>& out);
  /// Keeps what the last find() did not know: `word` became the tokens of `out` from `first` on.
  void keep(std::string_view word, const std::vector<BpeToken>& out, std::size_t first);

 private:
  static constexpr std::size_t kLongest = 24;
  static constexpr std::size_t kMostTokens = 6;
  static constexpr std::size_t kPlaces = std::size_t{1} << 14;

  struct alignas(64) Entry {
    std::array<char, kLongest> text{};
    std::array<TokenId, kMostTokens> ids{};
    std::array<std::uint8_t, kMostTokens> sizes{};
    std::uint8_t size = 0;  // of the word, 0: nothing is kept here
    std::uint8_t tokens = 0;
  };

  std::vector<Entry> entries_;
  std::size_t place_ = 0;  // of the word that was looked for
};

}  // namespace eft
