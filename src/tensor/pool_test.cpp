#include "tensor/pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "tensor/arena.h"
#include "tensor/tensor.h"

namespace eft {
namespace {

constexpr std::int64_t kLarge = 1 << 20;

TEST(Pool, counts_by_category_and_reuses_blocks) {
  Pool pool(Device::cpu);
  const void* first = nullptr;
  {
    const Tensor a(pool, Category::saved, DType::f32, {kLarge});
    const Tensor b(pool, Category::weights, DType::bf16, {33});
    first = a.raw();
    EXPECT_EQ(pool.live()[Category::saved], 4 * kLarge);
    EXPECT_EQ(pool.live().total, 4 * kLarge + 128);
  }
  EXPECT_EQ(pool.live().total, 0);
  EXPECT_EQ(pool.peak().total, 4 * kLarge + 128);
  const Tensor again(pool, Category::workspace, DType::f32, {kLarge});
  EXPECT_EQ(again.raw(), first);
}

TEST(Pool, meta_counts_without_memory) {
  Pool pool(Device::meta);
  const Tensor huge(pool, Category::weights, DType::bf16, {std::int64_t{1} << 40});
  EXPECT_EQ(huge.raw(), nullptr);
  EXPECT_EQ(pool.live().total, std::int64_t{1} << 41);
}

TEST(Pool, meta_counts_as_a_device_that_keeps_its_own_free_blocks) {
  Pool pool(Device::meta, Device::cuda);
  { const Tensor gone(pool, Category::workspace, DType::f32, {kLarge}); }
  const Tensor smaller(pool, Category::workspace, DType::f32, {kLarge / 2});
  EXPECT_EQ(pool.live().total, 2 * kLarge);
  EXPECT_EQ(pool.reserved_peak(), 4 * kLarge);
}

TEST(Pool, says_what_does_not_fit) {
  Pool pool(Device::cpu);
  EXPECT_THROW(pool.allocate(std::int64_t{1} << 50, Category::logits), DeviceError);
  EXPECT_EQ(pool.live().total, 0);
  EXPECT_NE(pool.allocate(kLarge, Category::logits), nullptr);
}

TEST(Pool, what_lasts_leaves_no_gaps_in_what_passes) {
  Pool pool(Device::cpu);
  std::vector<std::shared_ptr<void>> kept;
  for (int i = 1; i <= 8; ++i) {
    const auto passing = pool.allocate(i * kLarge, Category::workspace);
    kept.push_back(pool.allocate(kLarge, Category::gradients));
  }
  EXPECT_GE(pool.reserved_peak(), (8 + 8) * kLarge);
  EXPECT_LT(pool.reserved_peak(), (8 + 8) * kLarge + kLarge / 8);  // a sanitizer wants room between blocks
}

TEST(Pool, gives_free_memory_back) {
  Pool pool(Device::cpu);
  auto low = pool.allocate(kLarge, Category::workspace);
  auto high = pool.allocate(kLarge, Category::workspace);
  std::memset(low.get(), 1, kLarge);
  std::memset(high.get(), 1, kLarge);
  const char* const kept = static_cast<const char*>(high.get());
  low.reset();
  pool.trim();
  EXPECT_EQ(kept[0], 1);
  EXPECT_EQ(kept[kLarge - 1], 1);
  low = pool.allocate(kLarge, Category::workspace);
  EXPECT_EQ(static_cast<const char*>(low.get())[0], 0);  // a fresh page of the system
  high.reset();
  low.reset();
  pool.trim();
  pool.reset_peak();
  EXPECT_EQ(pool.reserved_peak(), 0);
}

/// Blocks that come and go at random, each filled with bytes of its own where there is memory.
class Traffic {
 public:
  Traffic(Pool& pool, unsigned seed) : pool_(pool), random_(seed) {}

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      if (blocks_.empty() || random_() % 5 < 3) {
        add();
      } else {
        remove(random_() % blocks_.size());
      }
    }
  }
  void clear() {
    while (!blocks_.empty()) remove(blocks_.size() - 1);
  }
  bool intact() const { return intact_; }
  std::int64_t bytes() const { return bytes_; }

 private:
  struct Block {
    std::shared_ptr<void> data;
    std::size_t bytes;
    int mark;
  };

  void add() {
    const auto bytes = static_cast<std::size_t>(64 << random_() % 14) * (1 + random_() % 7);
    const auto category = static_cast<Category>(random_() % kCategories);
    Block block{pool_.allocate(static_cast<std::int64_t>(bytes), category), bytes, static_cast<int>(random_() % 256)};
    if (block.data != nullptr) {
      intact_ = intact_ && reinterpret_cast<std::uintptr_t>(block.data.get()) % 64 == 0;
      std::memset(block.data.get(), block.mark, bytes);
    }
    bytes_ += static_cast<std::int64_t>(bytes);
    blocks_.push_back(std::move(block));
  }

  void remove(std::size_t index) {
    std::swap(blocks_[index], blocks_.back());
    const Block& block = blocks_.back();
    const auto* data = static_cast<const unsigned char*>(block.data.get());
    const auto own = [&](unsigned char byte) { return byte == block.mark; };
    intact_ = intact_ && (data == nullptr || std::all_of(data, data + block.bytes, own));
    bytes_ -= static_cast<std::int64_t>(block.bytes);
    blocks_.pop_back();
  }

  Pool& pool_;
  std::mt19937 random_;
  std::vector<Block> blocks_;
  std::int64_t bytes_ = 0;
  bool intact_ = true;
};

TEST(Pool, keeps_blocks_apart_and_counts_on_meta_as_on_the_host) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    std::vector<std::int64_t> counts;
    for (const Device device : {Device::cpu, Device::meta}) {
      Pool pool(device);
      Traffic traffic(pool, seed);
      traffic.run(2000);
      EXPECT_EQ(pool.live().total, traffic.bytes());
      traffic.clear();
      EXPECT_TRUE(traffic.intact());
      EXPECT_EQ(pool.live().total, 0);
      counts.push_back(pool.peak().total);
      counts.push_back(pool.reserved_peak());
    }
    EXPECT_EQ(counts[0], counts[2]);
    EXPECT_EQ(counts[1], counts[3]);
  }
}

/// A step over rows of one length: outputs that are kept, with workspace between them, then gradients as those go.
void imitate_step(Pool& pool, std::int64_t tokens) {
  std::vector<std::shared_ptr<void>> saved;
  for (int layer = 0; layer < 12; ++layer) {
    const auto wide = pool.allocate(tokens * 8192, Category::workspace);
    saved.push_back(pool.allocate(tokens * 2560, Category::saved));
    saved.push_back(pool.allocate(tokens * 4096, Category::saved));
    const auto narrow = pool.allocate(tokens * 2560, Category::workspace);
    saved.push_back(pool.allocate(tokens * 1024, Category::saved));
  }
  std::shared_ptr<void> gradient;
  while (!saved.empty()) {
    const auto wide = pool.allocate(tokens * 8192, Category::workspace);
    gradient = pool.allocate(tokens * 2560, Category::workspace);
    saved.pop_back();
  }
}

TEST(Pool, rows_of_other_lengths_take_no_more_than_the_longest) {
  Pool pool(Device::meta);
  imitate_step(pool, 1000);
  const std::int64_t longest = pool.reserved_peak();
  EXPECT_LT(static_cast<double>(longest), 1.1 * static_cast<double>(pool.peak().total));
  std::mt19937 random(4);
  for (int step = 0; step < 200; ++step) imitate_step(pool, 50 + static_cast<std::int64_t>(random() % 950));
  EXPECT_EQ(pool.reserved_peak(), longest);
}

TEST(Arena, takes_the_smallest_gap_and_joins_neighbours) {
  Arena arena;
  const std::int64_t sizes[] = {100, 10, 30, 10, 20, 10};
  std::vector<std::int64_t> at;
  for (const std::int64_t size : sizes) at.push_back(arena.place(size));
  for (const std::size_t i : {0U, 2U, 4U}) arena.free(at[i], sizes[i]);
  EXPECT_EQ(arena.place(20), at[4]);
  EXPECT_EQ(arena.place(25), at[2]);
  arena.free(at[1], 10);
  EXPECT_EQ(arena.place(110), 0);
  EXPECT_EQ(arena.gaps().size(), 1U);  // behind the 25
  EXPECT_EQ(arena.top(), 180);
  arena.free(at[5], 10);
  EXPECT_EQ(arena.top(), at[5]);
  arena.free(at[4], 20);
  EXPECT_EQ(arena.top(), at[4]);
}

}  // namespace
}  // namespace eft
