#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/merge_texts.h"
#include "text/vocabulary.h"

namespace eft {

/// A merge by ids, and the characters that meet in it.
struct MergeIds {
  TokenId left;
  TokenId right;
  TokenId id;
  char32_t last;   ///< of the left piece
  char32_t first;  ///< of the right piece
};

/// Looks the pieces of merges up, a block at a time. Tables of half a million pieces do not fit the caches, so the
/// pieces of a block are announced before they are looked up.
class MergeReader {
 public:
  /// `where` names the file.
  MergeReader(const Vocabulary& vocabulary, const MergeTexts& merges, const std::string& where)
      : vocabulary_(vocabulary), merges_(merges), where_(where) {}

  /// The next merges in order of rank; false when there are none left. Throws DataError for a piece that does not exist.
  bool next(std::vector<MergeIds>& block);

 private:
  struct Pieces {
    std::string_view left;
    std::string_view right;
    std::string_view whole;
    std::uint32_t left_tag;
    std::uint32_t right_tag;
  };

  TokenId need(std::string_view piece, std::uint32_t tag) const;
  TokenId result_of(std::string_view whole) const;

  const Vocabulary& vocabulary_;
  const MergeTexts& merges_;
  const std::string& where_;
  std::size_t rank_ = 0;
  std::size_t at_ = 0;     // in the bytes of the merges
  TokenId previous_ = -1;  // what the last merge gave
  std::vector<Pieces> pieces_;
};

}  // namespace eft
