#include <gtest/gtest.h>

#include <numeric>

#include "models/adapter.h"
#include "models/load.h"
#include "quant/bnb_4bit.h"
#include "quant/int8_rows.h"
#include "tensor/unpacked.h"

namespace eft {
namespace {

std::filesystem::path model(const std::string& name) { return std::filesystem::path("tests/golden/data") / name; }

LoadOptions options_of(DType dtype, const Storage& storage) {
  LoadOptions options{.dtype = dtype, .adapter = {}, .frozen = {storage, storage, {}}};
  options.adapter.kind = AdapterKind::lora;
  options.adapter.rank = 4;
  options.adapter.alpha = 8;
  options.adapter.target_modules.items = {"q_proj", "down_proj"};
  return options;
}

/// Every packed weight of `packed` as dense values in `dense`, which was opened without packing.
void copy_values(const Model& packed, Model& dense, Pool& pool) {
  auto to = dense.parameters().begin();
  for (const Parameter& from : packed.parameters()) {
    Parameter& target = *to++;
    ASSERT_EQ(from.name, target.name);
    if (!from.packed) continue;
    target.value = unpacked(*from.packed, WeightView(*from.packed).dtype, pool, Category::weights);
  }
}

/// The last hidden states of a forward pass, and the gradients of all adapters from a gradient of ones there.
std::vector<std::vector<double>> pass(OpenedModel& opened, Pool& pool) {
  initialise_adapter(*opened.model, pool, 1);
  std::vector<std::int32_t> tokens(12), positions(12);
  std::iota(tokens.begin(), tokens.end(), 5);
  std::iota(positions.begin(), positions.end(), 0);
  const std::vector<std::int64_t> starts{0, 12};
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape, .training = true};
  const Var hidden = opened.model->hidden(ctx, {tokens, positions, starts}, nullptr);
  std::vector<std::vector<double>> results{to_doubles(hidden.value())};
  Tensor ones(pool, Category::workspace, hidden.dtype(), hidden.shape());
  from_doubles(ones, std::vector<double>(static_cast<std::size_t>(ones.elements()), 1.0));
  tape.backward(ctx, std::vector<Var>{hidden}, std::vector<Tensor>{ones});
  for (const Parameter& parameter : opened.model->parameters()) {
    if (parameter.trainable()) results.push_back(to_doubles(parameter.var().grad()));
  }
  return results;
}

const Storage kFourBits{&nf4, true};
const Storage kEightBits{&int8_rows, false};

class PackedModel : public testing::TestWithParam<std::tuple<const char*, DType, Storage>> {};

/// Kept packed, a frozen base computes to the bit what its values do when they are stored dense: forward, and the
/// gradients that pass through it.
TEST_P(PackedModel, computes_with_the_values_of_its_codes) {
  const auto [name, dtype, storage] = GetParam();
  Pool pool(Device::cpu);
  OpenedModel packed = open_model(model(name), options_of(dtype, storage), pool);
  OpenedModel dense = open_model(model(name), options_of(dtype, {}), pool);
  std::int64_t count = 0;
  for (const Parameter& parameter : packed.model->parameters()) count += parameter.packed ? 1 : 0;
  ASSERT_GT(count, 0);
  const auto of_dense_base = pass(dense, pool);
  copy_values(*packed.model, *dense.model, pool);
  const auto of_packed = pass(packed, pool);
  EXPECT_EQ(of_packed, pass(dense, pool));
  EXPECT_NE(of_packed, of_dense_base) << "codes do not stand for the values of the checkpoint";
}

INSTANTIATE_TEST_SUITE_P(Families, PackedModel,
                         testing::Combine(testing::Values("gemma3", "gemma3n", "gemma4_e", "gemma4_moe"),
                                          testing::Values(DType::bf16, DType::f64),
                                          testing::Values(kFourBits, kEightBits)));

TEST(PackedModel, is_small_and_is_planned_so) {
  Pool pool(Device::cpu), meta(Device::meta);
  const auto options = options_of(DType::bf16, kFourBits);
  const OpenedModel opened = open_model(model("gemma4_moe"), options, pool);
  const OpenedModel planned = open_model(model("gemma4_moe"), options, meta);
  std::int64_t bytes = 0, values = 0;
  for (const Parameter& parameter : opened.model->parameters()) {
    if (!parameter.packed) continue;
    EXPECT_FALSE(parameter.value) << parameter.name;
    bytes += parameter.packed->bytes();
    values += parameter.shape.elements();
  }
  EXPECT_GT(values, 0);
  EXPECT_LT(bytes, values);
  EXPECT_EQ(pool.live().total, meta.live().total);
}

/// What is small and steers the rest, what is trained, and what the run names, stays as it is.
TEST(PackedModel, leaves_the_rest_dense) {
  Pool pool(Device::meta);
  LoadOptions options = options_of(DType::bf16, kFourBits);
  options.adapter.modules_to_save = {"layers.0.self_attn.o_proj"};
  options.frozen.skipped = {"layers.1.mlp", "k_proj"};
  const OpenedModel opened = open_model(model("gemma3n"), options, pool);
  std::int64_t packed = 0;
  for (const Parameter& parameter : opened.model->parameters()) {
    packed += parameter.packed ? 1 : 0;
    const auto has = [&](const char* part) { return parameter.module.find(part) != std::string::npos; };
    const bool dense = parameter.is_adapter() || has("layers.1.mlp") || has(".k_proj") || has("altup") ||
                       has("laurel") || has("embed") || has("per_layer_model_projection");
    if (dense) EXPECT_FALSE(parameter.packed) << parameter.name;
    if (has("layers.0.mlp.up_proj.weight")) EXPECT_TRUE(parameter.packed) << parameter.name;
  }
  EXPECT_GT(packed, 0);
  options = {.dtype = DType::bf16, .train_base = true, .adapter = {}, .frozen = {kFourBits, kFourBits, {}}};
  const OpenedModel whole = open_model(model("gemma3"), options, pool);
  for (const Parameter& parameter : whole.model->parameters()) EXPECT_FALSE(parameter.packed) << parameter.name;
}

}  // namespace
}  // namespace eft
