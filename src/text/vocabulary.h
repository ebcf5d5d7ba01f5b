#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace eft {

/// Pieces by id and ids by piece. Ids may have holes, which read as empty pieces.
class Vocabulary {
 public:
  Vocabulary() = default;
  /// Throws DataError (`where` names the file) when a piece stands there twice.
  Vocabulary(std::vector<std::string> pieces, const std::string& where);

  std::optional<TokenId> find(std::string_view piece) const;
  /// What find() of a piece begins with. Looking many pieces up is faster when each is announced some time before: first
  /// the place in the table, later what stands there.
  static std::uint32_t tag_of(std::string_view piece);
  std::optional<TokenId> find(std::string_view piece, std::uint32_t tag) const;
  void expect_tag(std::uint32_t tag) const { __builtin_prefetch(&slots_[tag & (slots_.size() - 1)]); }
  void expect_piece(std::uint32_t tag) const;
  /// All pieces by id; holes are empty.
  const std::vector<std::string>& pieces() const { return pieces_; }
  /// Number of pieces without the holes.
  std::size_t count() const { return count_; }

 private:
  struct Slot {
    std::uint32_t tag;
    TokenId id;
  };

  std::size_t place_of(std::string_view piece, std::uint32_t tag) const;
  void index(TokenId id, const std::string& where);

  std::vector<std::string> pieces_;
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace eft
