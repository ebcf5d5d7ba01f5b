#include <gtest/gtest.h>

#include <numeric>

#include "train/loop/tiny_run.h"

namespace eft::testing {
namespace {

constexpr std::int64_t kTokens = 1024;
constexpr std::int64_t kBytes = 2;  // bf16

nlohmann::json read_config(const std::string& name) {
  return nlohmann::json::parse(read_text(fs::path("tests/golden/configs") / (name + ".json")));
}

/// The model without the first `count` layers, whose kinds repeat with that period.
nlohmann::json without_layers(nlohmann::json config, std::int64_t count) {
  config["num_hidden_layers"] = config["num_hidden_layers"].get<std::int64_t>() - count;
  for (const char* key : {"layer_types", "intermediate_size", "activation_sparsity_pattern"}) {
    if (!config.contains(key) || !config[key].is_array()) continue;
    config[key].erase(config[key].begin(), config[key].begin() + count);
  }
  return config;
}

std::unique_ptr<Model> model_on_meta(const fs::path& config, Pool& pool, bool adapter) {
  AdapterOptions options;
  if (adapter) {
    options.kind = AdapterKind::lora;
    options.rank = options.alpha = 16;
    options.target_linear = true;
  }
  std::unique_ptr<Model> model = build_model(config, LinearPolicy(options), nullptr).model;
  model->set_dtype(DType::bf16);
  for (Parameter& parameter : model->parameters()) {
    if (parameter.is_adapter()) {
      parameter.value = Tensor(pool, Category::adapters, DType::bf16, parameter.shape);
      make_trainable(parameter, pool);
    } else {
      parameter.value = Tensor(nullptr, Device::meta, DType::bf16, parameter.shape);
    }
  }
  return model;
}

/// Bytes of saved results when the forward pass is over, and at most after that.
struct Saved {
  std::int64_t forward = 0;
  std::int64_t backward = 0;
};

Saved saved_by_a_step(const nlohmann::json& config, const fs::path& folder, bool recompute) {
  write_text(folder / "config.json", config.dump());
  Pool pool(Device::meta);
  const auto model = model_on_meta(folder / "config.json", pool, true);
  std::vector<std::int32_t> tokens(kTokens, 5), positions(kTokens);
  std::iota(positions.begin(), positions.end(), 0);
  const std::vector<std::int64_t> starts{0, kTokens};
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape, .training = true, .recompute = recompute};
  const Var loss = model->loss(ctx, model->hidden(ctx, {tokens, positions, starts}, nullptr), tokens, 1.0);
  Saved saved{.forward = pool.live()[Category::saved]};
  pool.reset_peak();
  tape.backward(ctx, loss);
  saved.backward = pool.peak()[Category::saved];
  EXPECT_LE(pool.live()[Category::saved], 64);  // the loss
  return saved;
}

struct Published {
  const char* name;
  std::int64_t period;  ///< of the kinds of layers
  std::int64_t parameters;
};

class Recompute : public ::testing::TestWithParam<Published> {};

// Parameters as the classes of Transformers count them, but for Gemma 3n's unused keys and values of sharing layers.
INSTANTIATE_TEST_SUITE_P(
    Sizes, Recompute,
    ::testing::Values(Published{"gemma3_270m", 6, 268'098'176}, Published{"gemma3_1b", 6, 999'885'952},
                      Published{"gemma3n_e4b", 5, 6'835'235'568}, Published{"gemma4_e2b", 5, 4'628'569'379},
                      Published{"gemma4_e4b", 6, 7'463'013'418}, Published{"gemma4_26b_a4b", 6, 25'233'141'790},
                      Published{"gemma4_31b", 6, 30'697'345'340}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_P(Recompute, configuration_has_the_published_number_of_parameters) {
  const fs::path path = fs::path("tests/golden/configs") / (std::string(GetParam().name) + ".json");
  Pool pool(Device::meta);
  const auto model = model_on_meta(path, pool, false);
  std::int64_t elements = 0;
  for (const Parameter& parameter : model->parameters()) elements += parameter.shape.elements();
  EXPECT_EQ(elements, GetParam().parameters);
}

TEST_P(Recompute, saves_one_residual_a_layer) {
  const TestFolder folder;
  const nlohmann::json config = read_config(GetParam().name);
  const std::int64_t period = GetParam().period;
  const std::int64_t streams = config.value("altup_num_inputs", std::int64_t{1});
  const std::int64_t residual = kTokens * kBytes * config["hidden_size"].get<std::int64_t>() * streams;
  // The layer's own slice of the per-layer inputs, made for all layers at once.
  const std::int64_t per_layer = kTokens * kBytes * config.value("hidden_size_per_layer_input", std::int64_t{0});
  const nlohmann::json shorter = without_layers(config, period);
  const Saved whole = saved_by_a_step(config, folder.path(), true);
  const Saved part = saved_by_a_step(shorter, folder.path(), true);
  EXPECT_EQ(whole.forward - part.forward, period * (residual + per_layer));
  EXPECT_LE(whole.backward - part.backward, period * (residual + per_layer));
  const std::int64_t plain = saved_by_a_step(config, folder.path(), false).backward;
  EXPECT_GT(plain, 4 * whole.backward);
  RecordProperty("saved_megabytes", static_cast<int>(whole.backward / 1'000'000));
  RecordProperty("saved_megabytes_without", static_cast<int>(plain / 1'000'000));
}

}  // namespace
}  // namespace eft::testing
