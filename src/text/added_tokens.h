#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/pair_map.h"
#include "text/tokenizer.h"

namespace eft {

/// A token that is cut out of the text before the byte-pair model sees it.
struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool single_word = false;  ///< not inside a word
  bool lstrip = false;       ///< takes the white space in front
  bool rstrip = false;       ///< takes the white space behind
  bool normalized = false;   ///< looked for in the normalized text, in its normalized form
  bool special = false;      ///< left out when decoding with skip_special
};

/// Finds added tokens in a text: leftmost first, the longest at one place.
class AddedTokenFinder {
 public:
  /// A stretch of the text; `id` is -1 where there is no added token.
  struct Part {
    std::size_t begin;
    std::size_t end;
    TokenId id;
  };

  AddedTokenFinder() { roots_.fill(-1); }
  /// Looks for `pattern` from now on; false when it has been added before.
  bool add(std::string_view pattern, const AddedToken& token);
  /// Cuts valid UTF-8 into parts. They cover it, and overlap only where white space that one token strips holds
  /// another.
  std::vector<Part> split(std::string_view text) const;

 private:
  struct Rule {
    TokenId id;
    bool single_word;
    bool lstrip;
    bool rstrip;
  };
  struct Match {
    std::size_t size = 0;
    const Rule* rule = nullptr;
  };

  std::int32_t child_of(std::int32_t node, unsigned char byte);
  Match longest_at(std::string_view text, std::size_t begin) const;

  std::array<std::int32_t, 256> roots_;  // first byte to node
  PairMap<std::int32_t> edges_;          // (node, byte) to node
  std::vector<std::int32_t> ends_;       // node to rule, -1 where no pattern ends
  std::vector<Rule> rules_;
};

}  // namespace eft
