#include "nn/kv_cache.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace eft {
namespace {

constexpr std::int64_t kWindow = 5;
constexpr std::size_t kWindowed = 0, kFull = 1;

class KvCacheTest : public testing::Test {
 protected:
  /// Appends the positions [begin, end) to `layer` and returns those that are seen.
  std::vector<double> append(std::size_t layer, std::int64_t begin, std::int64_t end) {
    std::vector<double> positions;
    for (std::int64_t i = begin; i < end; ++i) positions.push_back(static_cast<double>(i));
    Tensor rows(pool_, Category::workspace, DType::f32, {end - begin, 1, 1});
    from_doubles(rows, positions);
    const auto [keys, values] = cache_.append(ctx_, layer, rows, rows);
    EXPECT_EQ(to_doubles(keys), to_doubles(values));
    return to_doubles(keys);
  }

  Pool pool_{Device::cpu};
  Context ctx_{.pool = &pool_};
  KvCache cache_{{kWindow, 0}};
};

TEST_F(KvCacheTest, returns_what_the_new_tokens_see) {
  std::int64_t begin = 0;
  for (const std::int64_t count : {3, 1, 1, 100, 1, 7, 60, 1, 1}) {
    const std::int64_t end = begin + count;
    const std::vector<double> windowed = append(kWindowed, begin, end);
    const std::vector<double> full = append(kFull, begin, end);
    const std::int64_t first = std::max<std::int64_t>(0, begin - (kWindow - 1));
    EXPECT_EQ(windowed.front(), static_cast<double>(first));
    EXPECT_EQ(windowed.size(), static_cast<std::size_t>(end - first));
    EXPECT_EQ(windowed.back(), static_cast<double>(end - 1));
    EXPECT_EQ(full.size(), static_cast<std::size_t>(end));
    EXPECT_EQ(full.back(), static_cast<double>(end - 1));
    begin = end;
  }
}

TEST_F(KvCacheTest, windowed_layers_do_not_grow) {
  append(kWindowed, 0, 1);
  const std::int64_t bytes = pool_.live().total;
  for (std::int64_t i = 1; i < 1000; ++i) append(kWindowed, i, i + 1);
  EXPECT_EQ(pool_.live().total, bytes);
}

}  // namespace
}  // namespace eft
