#include "models/merge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/adapter.h"
#include "models/load.h"
#include "nn/adapter_file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// Logits of a fixed sequence, with the adapter when one is given.
std::vector<double> logits_of(const fs::path& model, const fs::path& adapter, DType dtype) {
  Pool pool(Device::cpu);
  LoadOptions options;
  options.dtype = dtype;
  if (!adapter.empty()) options.adapter = read_adapter_options(adapter);
  const OpenedModel opened = open_model(model, options, pool);
  if (!adapter.empty()) load_adapter(*opened.model, pool, adapter);
  std::vector<std::int32_t> tokens, positions;
  for (std::int32_t i = 0; i < 13; ++i) {
    tokens.push_back(3 + 7 * i);
    positions.push_back(i);
  }
  const std::vector<std::int64_t> starts{0, 13};
  Context ctx{.pool = &pool};
  return to_doubles(opened.model->logits(ctx, opened.model->hidden(ctx, {tokens, positions, starts}, nullptr)).value());
}

class Merge : public testing::TestWithParam<const char*> {
 protected:
  fs::path model_ = fs::path("tests/golden/data") / GetParam();
  fs::path out_ = fs::temp_directory_path() / ("eft_merge_" + std::string(GetParam()));
  void SetUp() override {
    fs::remove_all(out_);
    fs::create_directories(out_);
  }
  void TearDown() override { fs::remove_all(out_); }
};

TEST_P(Merge, merged_equals_adapted) {
  const MergeReport report = merge_adapter(model_, model_ / "adapter", out_, {}, 200'000);
  EXPECT_GT(report.merged, 0);
  const CheckpointFiles before(model_), after(out_);
  EXPECT_EQ(after.tensors().size(), before.tensors().size());
  for (const auto& [name, file] : before.tensors()) EXPECT_EQ(after.entry(name).dtype, before.entry(name).dtype) << name;
  const std::vector<double> adapted = logits_of(model_, model_ / "adapter", DType::f32);
  const std::vector<double> merged = logits_of(out_, {}, DType::f32);
  const std::vector<double> base = logits_of(model_, {}, DType::f32);
  const bool rounded = before.entry(before.tensors().begin()->first).dtype == "BF16";
  double largest = 0, worst = 0, change = 0;
  for (std::size_t i = 0; i < adapted.size(); ++i) {
    largest = std::max(largest, std::abs(adapted[i]));
    worst = std::max(worst, std::abs(adapted[i] - merged[i]));
    change = std::max(change, std::abs(adapted[i] - base[i]));
  }
  EXPECT_LE(worst, (rounded ? 5e-2 : 1e-5) * largest);
  EXPECT_GT(change, 0.1 * largest) << "the adapter changes nothing, so the test shows nothing";
}

INSTANTIATE_TEST_SUITE_P(Models, Merge,
                         testing::Values("gemma3", "gemma3_container", "gemma3n", "gemma3n_container", "gemma4_e", "gemma4_dense",
                                         "gemma4_moe", "gemma4_unified", "gemma4_container"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Merge, refuses_the_adapter_of_another_model) {
  EXPECT_THROW(merge_adapter("tests/golden/data/gemma3", "tests/golden/data/gemma4_e/adapter", fs::temp_directory_path()),
               ConfigError);
}

}  // namespace
}  // namespace eft
