#include "ops/attention/visibility.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace eft {
namespace {

// What kernels use on devices is a constant expression on the host.
static_assert(visible_keys({0, 4, 0, 6}, 0, 1).end == 4);
static_assert(visible_keys({0, 4, 0, 6, false}, 0, 1).end == 6);

/// The rule in words, for one query and one key.
bool sees(const AttentionSegment& segment, std::int64_t window, std::int64_t query, std::int64_t key) {
  const std::int64_t at = segment.key_count - segment.query_count + query;
  const std::int64_t apart = segment.window_ahead ? std::abs(key - at) : at - key;
  return (!segment.causal || key <= at) && (window == 0 || apart < window);
}

const std::vector<AttentionSegment> kSegments{{0, 9, 0, 9},
                                              {3, 4, 5, 11},
                                              {0, 1, 0, 8},
                                              {0, 5, 0, 12},
                                              {0, 9, 0, 9, false},
                                              {3, 4, 5, 11, false},
                                              {2, 1, 0, 8, false},
                                              {0, 0, 4, 3},
                                              {0, 9, 0, 9, false, false},
                                              {3, 4, 5, 11, false, false}};

TEST(Visibility, keys_are_those_of_the_rule) {
  for (const AttentionSegment& segment : kSegments) {
    for (const std::int64_t window : {0, 1, 2, 3, 5, 20}) {
      for (std::int64_t query = 0; query < segment.query_count; ++query) {
        const KeyRange seen = visible_keys(segment, window, query);
        for (std::int64_t key = 0; key < segment.key_count; ++key) {
          EXPECT_EQ(seen.contains(key), sees(segment, window, query, key))
              << "query " << query << ", key " << key << ", window " << window;
        }
      }
    }
  }
}

TEST(Visibility, queries_are_the_least_range_with_all_that_see_the_keys) {
  for (const AttentionSegment& segment : kSegments) {
    for (const std::int64_t window : {0, 1, 2, 3, 5, 20}) {
      for (std::int64_t low = 0; low < segment.key_count; ++low) {
        for (std::int64_t high = low + 1; high <= segment.key_count; ++high) {
          std::vector<std::int64_t> wanted;
          for (std::int64_t query = 0; query < segment.query_count; ++query) {
            bool any = false;
            for (std::int64_t key = low; key < high; ++key) any = any || sees(segment, window, query, key);
            if (any) wanted.push_back(query);
          }
          const QueryRange range = queries_seeing(segment, window, low, high);
          if (wanted.empty()) {
            EXPECT_GE(range.begin, range.end) << "keys " << low << " to " << high << ", window " << window;
          } else {
            EXPECT_EQ(range.begin, wanted.front()) << "keys " << low << " to " << high << ", window " << window;
            EXPECT_EQ(range.end, wanted.back() + 1) << "keys " << low << " to " << high << ", window " << window;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace eft
