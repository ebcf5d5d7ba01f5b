#include "nn/kv_cache.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace eft {
namespace {

constexpr std::int64_t kWindow = 5;
constexpr std::size_t kWindowed = 0, kFull = 1;

class KvCacheTest : public testing::Test {
 protected:
  /// Appends to `layer` of `cache` a run for each slot of `slots`, whose keys and values are 1000 · slot + position of
  /// the `count` positions from `begin` on. Returns for each slot the positions that are seen.
  std::vector<std::vector<double>> append(KvCache& cache, std::size_t layer, const std::vector<std::int64_t>& slots,
                                          std::int64_t begin, std::int64_t count) {
    std::vector<double> rows;
    std::vector<CacheRun> runs;
    for (const std::int64_t slot : slots) {
      runs.push_back({slot, static_cast<std::int64_t>(rows.size()), count});
      for (std::int64_t i = begin; i < begin + count; ++i) rows.push_back(static_cast<double>(1000 * slot + i));
    }
    Tensor incoming(pool_, Category::workspace, DType::f32, {static_cast<std::int64_t>(rows.size()), 1, 1});
    from_doubles(incoming, rows);
    const auto [keys, values] = cache.append(ctx_, layer, runs, incoming, incoming);
    const std::vector<AttentionSegment> segments = cache.segments(layer, runs);
    std::vector<std::vector<double>> seen;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const AttentionSegment& s = segments[i];
      EXPECT_EQ(s.query_begin, runs[i].begin);
      EXPECT_EQ(s.query_count, runs[i].count);
      seen.push_back(to_doubles(keys.slice(s.key_begin, s.key_begin + s.key_count)));
      EXPECT_EQ(seen.back(), to_doubles(values.slice(s.key_begin, s.key_begin + s.key_count)));
      for (double& x : seen.back()) x -= static_cast<double>(1000 * slots[i]);
    }
    return seen;
  }

  static std::vector<double> counting(std::int64_t begin, std::int64_t end) {
    std::vector<double> numbers;
    for (std::int64_t i = begin; i < end; ++i) numbers.push_back(static_cast<double>(i));
    return numbers;
  }

  Pool pool_{Device::cpu};
  Context ctx_{.pool = &pool_};
};

TEST_F(KvCacheTest, shows_what_the_new_tokens_see) {
  KvCache cache({kWindow, 0}, 3);
  std::int64_t begin = 0, begin_of_last = 0;
  const std::vector<std::int64_t> some{2, 0};
  for (const std::int64_t count : {3, 1, 1, 100, 1, 7, 60, 1, 1}) {
    const std::int64_t end = begin + count;
    for (const auto& seen : append(cache, kWindowed, some, begin, count)) {
      EXPECT_EQ(seen, counting(std::max<std::int64_t>(0, begin - (kWindow - 1)), end));
    }
    for (const auto& seen : append(cache, kFull, some, begin, count)) EXPECT_EQ(seen, counting(0, end));
    begin = end;
    if (begin % 2 == 0) continue;  // slot 1 goes its own way
    EXPECT_EQ(append(cache, kFull, {1}, begin_of_last, 2)[0], counting(0, begin_of_last + 2));
    EXPECT_EQ(append(cache, kWindowed, {1}, begin_of_last, 2)[0],
              counting(std::max<std::int64_t>(0, begin_of_last - (kWindow - 1)), begin_of_last + 2));
    begin_of_last += 2;
  }
  EXPECT_GT(begin_of_last, kWindow);
}

TEST_F(KvCacheTest, a_slot_begins_anew_and_the_others_stay) {
  KvCache cache({kWindow, 0}, 2);
  for (const std::size_t layer : {kWindowed, kFull}) append(cache, layer, {0, 1}, 0, 4);
  cache.clear(0);
  for (const std::size_t layer : {kWindowed, kFull}) {
    EXPECT_EQ(append(cache, layer, {0}, 0, 2)[0], counting(0, 2));
    EXPECT_EQ(append(cache, layer, {1}, 4, 1)[0], counting(0, 5));
  }
}

TEST_F(KvCacheTest, windowed_layers_do_not_grow) {
  KvCache cache({kWindow, 0}, 2);
  append(cache, kWindowed, {0, 1}, 0, 1);
  const std::int64_t bytes = pool_.live().total;
  for (std::int64_t i = 1; i < 1000; ++i) append(cache, kWindowed, {0, 1}, i, 1);
  EXPECT_EQ(pool_.live().total, bytes);
}

}  // namespace
}  // namespace eft
