#include "models/decoder/rows.h"

#include <gtest/gtest.h>

namespace eft::decoder {
namespace {

/// Which keys each query sees, by the segments.
std::vector<std::vector<bool>> sight(const std::vector<AttentionSegment>& segments, std::int64_t window,
                                     std::int64_t tokens) {
  std::vector<std::vector<bool>> seen;
  for (const AttentionSegment& segment : segments) {
    for (std::int64_t query = 0; query < segment.query_count; ++query) {
      auto& keys = seen.emplace_back(static_cast<std::size_t>(tokens));
      const KeyRange range = visible_keys(segment, window, query);
      for (std::int64_t key = range.begin; key < range.end; ++key) {
        keys[static_cast<std::size_t>(segment.key_begin + key)] = true;
      }
    }
  }
  return seen;
}

TEST(CutAtBlocks, gives_the_rule_of_the_reference) {
  // Two sequences; an image longer than the window, one at an end, one at a beginning.
  const std::vector<AttentionSegment> whole{{0, 12, 0, 12}, {12, 8, 12, 8}};
  const std::vector<QueryRange> blocks{{2, 8}, {10, 12}, {12, 15}};
  const auto block_of = [&](std::int64_t at) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].begin <= at && at < blocks[i].end) return static_cast<int>(i);
    }
    return -1;
  };
  for (const std::int64_t window : {0, 3, 5}) {
    const auto seen = sight(cut_at_blocks(whole, blocks), window, 20);
    ASSERT_EQ(seen.size(), 20U);
    for (std::int64_t q = 0; q < 20; ++q) {
      for (std::int64_t k = 0; k < 20; ++k) {
        const bool same = (q < 12) == (k < 12);
        const bool ahead = k <= q || (block_of(q) >= 0 && block_of(q) == block_of(k));
        const bool wanted = same && ahead && (window == 0 || q - k < window);
        EXPECT_EQ(seen[static_cast<std::size_t>(q)][static_cast<std::size_t>(k)], wanted) << q << " sees " << k;
      }
    }
  }
}

TEST(CutAtBlocks, leaves_texts_alone) {
  const std::vector<AttentionSegment> whole{{0, 5, 3, 9}, {5, 2, 40, 2}};
  const auto cut = cut_at_blocks(whole, {});
  ASSERT_EQ(cut.size(), 2U);
  EXPECT_EQ(cut[0].key_count, 9);
  EXPECT_TRUE(cut[0].causal && cut[1].causal && cut[0].window_ahead);
}

}  // namespace
}  // namespace eft::decoder
