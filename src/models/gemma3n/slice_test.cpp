#include "models/gemma3n/slice.h"

#include <gtest/gtest.h>

#include "models/load.h"

namespace eft::gemma3n {
namespace {

namespace fs = std::filesystem;

const fs::path kModel = "tests/golden/data/gemma3n";  // 7 layers, the last three share; 2 and 3 are the donors

class Slice : public testing::Test {
 protected:
  fs::path out_ = fs::temp_directory_path() / "eft_slice";
  void SetUp() override {
    fs::remove_all(out_);
    fs::create_directories(out_);
  }
  void TearDown() override { fs::remove_all(out_); }
};

TEST_F(Slice, keeps_the_first_neurons_and_renumbers) {
  const SliceReport report =
      slice_checkpoint(kModel, {.layers_skipped = {0, 5}, .ffn_hidden_dims = {42, 21, 34, 50, 17}}, out_);
  EXPECT_EQ(report.layers, 5);
  const CheckpointFiles whole(kModel), sliced(out_);
  EXPECT_EQ(to_doubles(sliced.tensor("model.layers.0.mlp.up_proj.weight")),
            to_doubles(whole.tensor("model.layers.1.mlp.up_proj.weight")));
  const auto wide = to_doubles(whole.tensor("model.layers.6.mlp.down_proj.weight"));
  const auto narrow = to_doubles(sliced.tensor("model.layers.4.mlp.down_proj.weight"));
  EXPECT_EQ(narrow.size(), 36U * 17U);
  EXPECT_EQ(narrow[17], wide[34]) << "row 1, column 0";
  const auto table = to_doubles(whole.tensor("model.embed_tokens_per_layer.weight"));
  const auto kept = to_doubles(sliced.tensor("model.embed_tokens_per_layer.weight"));
  EXPECT_EQ(kept[0], table[14]) << "layer 1 of the whole model is layer 0 now";
  EXPECT_EQ(kept[4 * 14], table[6 * 14]);
  EXPECT_FALSE(sliced.contains("model.layers.5.mlp.up_proj.weight"));
}

TEST_F(Slice, loads_strictly_and_computes) {
  slice_checkpoint(kModel, {.layers_skipped = {5}, .ffn_hidden_dims = {21}}, out_);
  Pool pool(Device::cpu);
  const OpenedModel opened = open_model(out_, {}, pool);
  EXPECT_EQ(opened.model->info().layers, 6);
  EXPECT_EQ(opened.model->info().cache_windows.size(), 4U);
  const std::vector<std::int32_t> tokens{3, 5, 7}, positions{0, 1, 2};
  const std::vector<std::int64_t> starts{0, 3};
  Context ctx{.pool = &pool};
  for (const double x : to_doubles(opened.model->hidden(ctx, {tokens, positions, starts}, nullptr).value())) {
    EXPECT_TRUE(std::isfinite(x));
  }
}

TEST_F(Slice, refuses_what_cannot_be) {
  EXPECT_THROW(slice_checkpoint(kModel, {.layers_skipped = {3}, .ffn_hidden_dims = {21}}, out_), ConfigError) << "a donor";
  EXPECT_THROW(slice_checkpoint(kModel, {.layers_skipped = {9}, .ffn_hidden_dims = {21}}, out_), ConfigError);
  EXPECT_THROW(slice_checkpoint(kModel, {.layers_skipped = {}, .ffn_hidden_dims = {60}}, out_), ConfigError);
  EXPECT_THROW(slice_checkpoint("tests/golden/data/gemma3", {.layers_skipped = {}, .ffn_hidden_dims = {2}}, out_), ConfigError);
  EXPECT_THROW(read_slice_config("E3B"), ConfigError);
  EXPECT_EQ(read_slice_config("E2B").layers_skipped.size(), 5U);
}

}  // namespace
}  // namespace eft::gemma3n
