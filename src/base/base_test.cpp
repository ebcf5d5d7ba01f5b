#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/random.h"
#include "base/random_fill.h"

namespace eft {
namespace {

TEST(Error, carries_the_exit_code_and_one_line) {
  const ConfigError error("run.yaml:{} lora_r: {} is below 1", 14, 0);
  EXPECT_EQ(error.exit_code(), 2);
  EXPECT_STREQ(error.what(), "run.yaml:14 lora_r: 0 is below 1");
  EXPECT_THROW(expect(1 > 2, "order"), InternalError);
}

TEST(Philox, equals_the_published_vectors) {
  // Known answers of Random123 for philox4x32-10.
  const auto zero = philox(0, 0, 0);
  EXPECT_EQ(zero, (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const auto ones = philox(~std::uint64_t{0}, ~std::uint64_t{0}, ~std::uint64_t{0});
  EXPECT_EQ(ones, (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Random, continues_from_its_position) {
  Random first(7);
  for (int i = 0; i < 5; ++i) first.bits();
  Random resumed(7, 0, first.position());
  EXPECT_EQ(first.bits(), resumed.bits());
}

TEST(Random, many_at_a_time_are_the_same_numbers) {
  std::vector<double> many(70'001);
  fill_normal(many, 11, 5);
  Random random(11, 5);
  for (const double x : many) ASSERT_NEAR(x, random.normal(), 1e-14);
  fill_uniform(many, 11, 5);
  Random again(11, 5);
  for (const double x : many) ASSERT_EQ(x, again.uniform());
}

TEST(Random, normal_has_mean_zero_and_variance_one) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  constexpr int count = 20000;
  for (int i = 0; i < count; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / count, 0.0, 0.03);
  EXPECT_NEAR(squares / count, 1.0, 0.04);
}

TEST(ParallelFor, covers_every_index_once) {
  std::vector<std::atomic<int>> seen(1003);
  parallel_for(1003, 10, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  for (const auto& count : seen) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, passes_exceptions_on) {
  EXPECT_THROW(parallel_for(100, 1, [](std::int64_t, std::int64_t) { throw DataError("row {}", 3); }), DataError);
}

TEST(AtomicFile, leaves_nothing_without_commit) {
  const auto folder = std::filesystem::temp_directory_path() / "eft_base_test";
  std::filesystem::create_directories(folder);
  const auto path = folder / "file.txt";
  write_text(path, "old");
  {
    AtomicFile file(path);
    file.write("new");
  }
  EXPECT_EQ(read_text(path), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  std::filesystem::remove_all(folder);
}

TEST(MappedFile, says_which_file_is_missing) {
  try {
    MappedFile file("no/such/file");
    FAIL();
  } catch (const FileError& error) {
    EXPECT_NE(std::string(error.what()).find("no/such/file"), std::string::npos);
    EXPECT_EQ(error.exit_code(), 4);
  }
}

}  // namespace
}  // namespace eft
