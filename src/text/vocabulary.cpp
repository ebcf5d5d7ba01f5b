#include "text/vocabulary.h"

#include <bit>

#include "base/error.h"
#include "text/short_hash.h"

namespace eft {
namespace {

constexpr TokenId kFree = -1;

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> pieces, const std::string& where) : pieces_(std::move(pieces)) {
  slots_.assign(std::bit_ceil(pieces_.size() * 2 + 2), Slot{0, kFree});
  for (std::size_t id = 0; id < pieces_.size(); ++id) {
    if (!pieces_[id].empty()) index(static_cast<TokenId>(id), where);
  }
}

std::uint32_t Vocabulary::tag_of(std::string_view piece) { return static_cast<std::uint32_t>(short_hash(piece)); }

std::optional<TokenId> Vocabulary::find(std::string_view piece) const { return find(piece, tag_of(piece)); }

std::optional<TokenId> Vocabulary::find(std::string_view piece, std::uint32_t tag) const {
  if (slots_.empty() || piece.empty()) return std::nullopt;
  const TokenId id = slots_[place_of(piece, tag)].id;
  return id == kFree ? std::nullopt : std::optional(id);
}

void Vocabulary::expect_piece(std::uint32_t tag) const {
  const Slot& slot = slots_[tag & (slots_.size() - 1)];
  if (slot.id != kFree) __builtin_prefetch(&pieces_[static_cast<std::size_t>(slot.id)]);
}

void Vocabulary::index(TokenId id, const std::string& where) {
  const std::string& piece = pieces_[static_cast<std::size_t>(id)];
  const std::uint32_t tag = tag_of(piece);
  Slot& slot = slots_[place_of(piece, tag)];
  if (slot.id != kFree) {
    throw DataError("{}: model.vocab gives two ids ({} and {}) to one piece", where, slot.id, id);
  }
  slot = {tag, id};
  ++count_;
}

std::size_t Vocabulary::place_of(std::string_view piece, std::uint32_t tag) const {
  std::size_t place = tag & (slots_.size() - 1);
  while (slots_[place].id != kFree) {
    const Slot& slot = slots_[place];
    if (slot.tag == tag && pieces_[static_cast<std::size_t>(slot.id)] == piece) break;
    place = (place + 1) & (slots_.size() - 1);
  }
  return place;
}

}  // namespace eft
