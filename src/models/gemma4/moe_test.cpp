#include "models/gemma4/moe.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/file.h"
#include "models/adapter.h"
#include "models/load.h"

namespace eft::gemma4 {
namespace {

namespace fs = std::filesystem;

const fs::path kModel = "tests/golden/data/gemma4_moe";

AdapterOptions adapter_on(std::vector<std::string> modules, std::vector<std::string> parameters) {
  AdapterOptions options;
  options.kind = AdapterKind::lora;
  options.rank = 2;
  options.alpha = 4;
  options.target_modules.items = std::move(modules);
  options.target_parameters.items = std::move(parameters);
  return options;
}

OpenedModel open_with(const AdapterOptions& adapter, Pool& pool) {
  return open_model(kModel, {.dtype = DType::f64, .train_base = false, .adapter = adapter}, pool);
}

std::vector<double> hidden_of(const OpenedModel& opened, Pool& pool) {
  const std::vector<std::int32_t> tokens{2, 30, 7, 100, 240, 9}, positions{0, 1, 2, 3, 4, 5};
  const std::vector<std::int64_t> starts{0, 6};
  Context ctx{.pool = &pool};
  return to_doubles(opened.model->hidden(ctx, {tokens, positions, starts}, nullptr).value());
}

std::string refusal(const AdapterOptions& options) {
  Pool pool(Device::meta);
  try {
    open_with(options, pool);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

class MoeFolder : public testing::Test {
 protected:
  fs::path folder_ = fs::temp_directory_path() / "eft_moe";
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
};

TEST_F(MoeFolder, an_adapter_of_one_parameter_comes_back_from_peft_s_place) {
  for (const char* parameter : {"experts.gate_up_proj", "experts.down_proj"}) {
    const AdapterOptions options = adapter_on({}, {parameter});
    Pool pool(Device::cpu);
    const OpenedModel made = open_with(options, pool);
    initialise_adapter(*made.model, pool, 1);
    Parameter* b = made.model->parameters().find("base_model.model.model.layers.1.experts.lora_B.weight");
    ASSERT_NE(b, nullptr) << parameter;
    from_doubles(b->value, std::vector<double>(static_cast<std::size_t>(b->shape.elements()), 0.25));
    save_adapter(*made.model, options, kModel, folder_);
    const OpenedModel loaded = open_with(read_adapter_options(folder_), pool);
    load_adapter(*loaded.model, pool, folder_);
    const std::vector<double> wanted = hidden_of(made, pool), got = hidden_of(loaded, pool);
    double worst = 0;
    for (std::size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - wanted[i]));
    EXPECT_LE(worst, 1e-5) << parameter << ": adapters are stored in f32";
    EXPECT_NE(got, hidden_of(open_with({}, pool), pool)) << "the adapter acts";
  }
}

TEST_F(MoeFolder, reads_the_names_of_early_previews) {
  const CheckpointFiles files(kModel);
  NamedTensors tensors;
  for (const auto& [name, file] : files.tensors()) {
    std::string old = name;
    for (const std::string_view part : {".experts.", ".router.per_expert"}) {
      const auto at = old.find(part);
      if (at != std::string::npos) old.replace(at, part.find('.', 1), ".moe");
    }
    tensors.emplace_back(old, files.tensor(name));
  }
  write_safetensors(folder_ / "model.safetensors", tensors, {{"format", "pt"}});
  fs::copy_file(kModel / "config.json", folder_ / "config.json");
  Pool pool(Device::cpu);
  const OpenedModel opened = open_model(folder_, {.dtype = DType::f64, .train_base = false, .adapter = {}}, pool);
  EXPECT_NE(opened.model->parameters().find("model.layers.0.moe.per_expert_scale"), nullptr);
  EXPECT_EQ(hidden_of(opened, pool), hidden_of(open_with({}, pool), pool));
}

/// Elements of all parameters and buffers of a configuration.
std::int64_t elements_of(const fs::path& folder, const std::string& config) {
  write_text(folder / "config.json", config);
  const BuiltModel built = build_model(folder / "config.json", LinearPolicy(), nullptr);
  std::int64_t sum = 0;
  for (const Parameter& parameter : built.model->parameters()) sum += parameter.shape.elements();
  return sum;
}

TEST_F(MoeFolder, released_sizes_have_the_parameters_that_transformers_counts) {
  EXPECT_EQ(elements_of(folder_, R"({"model_type": "gemma4_text", "hidden_size": 2816, "num_hidden_layers": 30,
      "num_attention_heads": 16, "num_key_value_heads": 8, "num_global_key_value_heads": 2, "attention_k_eq_v": true,
      "intermediate_size": 2112, "hidden_size_per_layer_input": 0, "enable_moe_block": true, "num_experts": 128,
      "top_k_experts": 8, "moe_intermediate_size": 704, "use_bidirectional_attention": "vision"})"),
            25'233'141'790);
  EXPECT_EQ(elements_of(folder_, R"({"model_type": "gemma4_unified", "text_config": {"hidden_size": 3840,
      "num_hidden_layers": 48, "num_attention_heads": 16, "num_key_value_heads": 8, "num_global_key_value_heads": 1,
      "attention_k_eq_v": true, "intermediate_size": 15360}})"),
            11'907'350'320);
}

TEST_F(MoeFolder, refuses_a_mixture_without_sizes) {
  for (const char* sizes : {R"("num_experts": 4, "top_k_experts": 2)", R"("num_experts": 4, "top_k_experts": 5,
      "moe_intermediate_size": 8)"}) {
    EXPECT_THROW(
        elements_of(folder_, R"({"model_type": "gemma4_text", "enable_moe_block": true, )" + std::string(sizes) + "}"),
        ConfigError);
  }
}

TEST(Moe, leaves_the_router_out_of_target_linear) {
  AdapterOptions options = adapter_on({}, {});
  options.target_linear = true;
  Pool pool(Device::meta);
  const OpenedModel opened = open_with(options, pool);
  for (const Parameter& parameter : opened.model->parameters()) {
    EXPECT_FALSE(parameter.is_adapter() && parameter.name.find("router") != std::string::npos) << parameter.name;
    EXPECT_FALSE(parameter.is_adapter() && parameter.name.find("experts") != std::string::npos) << parameter.name;
  }
  EXPECT_EQ(opened.model->policy().adapted(), 4 * 7 - 2) << "two layers have no v_proj";
}

TEST(Moe, refuses_adapters_on_the_router) {
  constexpr const char* kReason = "a router is trained whole or not at all";
  for (const char* target : {"proj", "router.proj", "router", "model.layers.0.router.proj"}) {
    const std::string message = refusal(adapter_on({"q_proj", target}, {}));
    EXPECT_EQ(message.find("lora_target_modules: would adapt model.layers.0.router"), 0U) << message;
    EXPECT_NE(message.find(kReason), std::string::npos) << message;
  }
  for (const char* target : {"router.scale", "router.proj.weight", "per_expert_scale"}) {
    const std::string message = refusal(adapter_on({"q_proj"}, {target}));
    EXPECT_EQ(message.find("lora_target_parameters: would adapt model.layers.0.router"), 0U) << message;
  }
}

TEST(Moe, takes_a_pattern_that_excludes_the_router) {
  AdapterOptions options = adapter_on({".*proj"}, {});
  options.target_modules.is_string = true;
  EXPECT_NE(refusal(options), "no error");
  options.exclude_modules.items = {"router.proj"};
  EXPECT_EQ(refusal(options), "no error");
}

TEST(Moe, says_how_experts_are_adapted) {
  EXPECT_EQ(
      refusal(adapter_on({"gate_up_proj"}, {})),
      "lora_target_modules: gate_up_proj matches no linear of this model; it is a parameter of experts, name it in "
      "lora_target_parameters");
  EXPECT_EQ(
      refusal(adapter_on({"q_proj"}, {"experts.up_proj"})),
      "lora_target_parameters: experts.up_proj matches no parameter of experts of this model; they are named like "
      "model.layers.0.experts.down_proj");
  AdapterOptions dropping = adapter_on({}, {"experts.down_proj"});
  dropping.dropout = 0.1;
  EXPECT_EQ(refusal(dropping).find("lora_dropout: 0.1 does not go with lora_target_parameters"), 0U);
}

TEST(Moe, maps_frozen_bf16_experts_as_they_are) {
  const fs::path folder = fs::temp_directory_path() / "eft_moe_bf16";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const CheckpointFiles files(kModel);
  Pool host(Device::cpu);
  NamedTensors tensors;
  for (const auto& [name, file] : files.tensors()) {
    tensors.emplace_back(name, cast(host, Category::workspace, files.tensor(name), DType::bf16));
  }
  write_safetensors(folder / "model.safetensors", tensors, {{"format", "pt"}});
  fs::copy_file(kModel / "config.json", folder / "config.json");
  Pool pool(Device::cpu);
  const OpenedModel opened = open_model(folder, {.dtype = DType::f32, .train_base = false, .adapter = {}}, pool);
  EXPECT_EQ(opened.model->parameters().find("model.layers.0.experts.gate_up_proj")->value.dtype(), DType::bf16);
  EXPECT_LT(pool.live()[Category::weights], 64 * 1024) << "vectors only";
  for (const double x : hidden_of(opened, pool)) EXPECT_TRUE(std::isfinite(x));
  fs::remove_all(folder);
}

}  // namespace
}  // namespace eft::gemma4
