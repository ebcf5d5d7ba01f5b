#include "text/merge_reader.h"

#include <algorithm>

#include "base/error.h"
#include "text/utf8.h"

namespace eft {
namespace {

constexpr std::size_t kBlock = 32;

}  // namespace

TokenId MergeReader::need(std::string_view piece, std::uint32_t tag) const {
  const auto id = vocabulary_.find(piece, tag);
  if (!id) throw DataError("{}: model.merges names \"{}\", which is not in model.vocab", where_, piece);
  return *id;
}

/// Merges are mostly in the order of the pieces that they give, often several for one piece.
TokenId MergeReader::result_of(std::string_view whole) const {
  const auto& pieces = vocabulary_.pieces();
  for (TokenId guess = std::max(previous_, 0); guess <= previous_ + 1; ++guess) {
    if (static_cast<std::size_t>(guess) < pieces.size() && pieces[static_cast<std::size_t>(guess)] == whole) return guess;
  }
  return need(whole, Vocabulary::tag_of(whole));
}

bool MergeReader::next(std::vector<MergeIds>& block) {
  pieces_.clear();
  block.clear();
  const std::string_view bytes = merges_.bytes;
  for (; rank_ < merges_.sizes.size() && pieces_.size() < kBlock; ++rank_) {
    const auto [left, right] = merges_.sizes[rank_];
    Pieces one{bytes.substr(at_, left), bytes.substr(at_ + left, right), bytes.substr(at_, left + right), 0, 0};
    one.left_tag = Vocabulary::tag_of(one.left);
    one.right_tag = Vocabulary::tag_of(one.right);
    vocabulary_.expect_tag(one.left_tag);
    vocabulary_.expect_tag(one.right_tag);
    pieces_.push_back(one);
    at_ += left + right;
  }
  for (const Pieces& one : pieces_) {
    vocabulary_.expect_piece(one.left_tag);
    vocabulary_.expect_piece(one.right_tag);
  }
  for (const Pieces& one : pieces_) {
    MergeIds merge{need(one.left, one.left_tag), need(one.right, one.right_tag), 0, 0, 0};
    merge.id = previous_ = result_of(one.whole);
    std::size_t position = 0;
    merge.last = utf8::previous(one.left, one.left.size());
    merge.first = utf8::next(one.right, position);
    block.push_back(merge);
  }
  return !block.empty();
}

}  // namespace eft
