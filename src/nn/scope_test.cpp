#include "nn/scope.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace eft {
namespace {

AdapterOptions lora(StringOrList targets) {
  AdapterOptions options;
  options.kind = AdapterKind::lora;
  options.rank = 4;
  options.alpha = 8;
  options.target_modules = std::move(targets);
  return options;
}

StringOrList list(std::vector<std::string> items) { return {.items = std::move(items), .is_string = false}; }

TEST(Scope, names_are_paths_in_the_file_and_in_memory) {
  ParameterStore store;
  LinearPolicy policy;
  const Scope root(store, policy, "model.language_model", "model");
  const Parameter& weight = (root / "layers" / 3 / "mlp").parameter("up_proj.weight", {6, 4});
  EXPECT_EQ(weight.name, "model.language_model.layers.3.mlp.up_proj.weight");
  EXPECT_EQ(weight.module, "model.layers.3.mlp.up_proj.weight");
  EXPECT_EQ(Scope(store, policy, "", "").parameter("w", {2}).name, "w");
  EXPECT_TRUE((root / "norm").buffer("scale", {1}, Init::ones).buffer);
  EXPECT_EQ(store.size(), 3U);
}

TEST(Scope, a_module_to_save_is_declared_under_both_names) {
  AdapterOptions options = lora(list({"q_proj"}));
  options.modules_to_save = {"norm"};
  ParameterStore store;
  LinearPolicy policy(options);
  const Scope root(store, policy, "text", "model");
  const Parameter& saved = (root / "norm").parameter("weight", {4});
  EXPECT_EQ(saved.name, "base_model.model.model.norm.weight");
  EXPECT_EQ(saved.source, "text.norm.weight");
  EXPECT_TRUE(saved.is_adapter());
  EXPECT_EQ(saved.loaded_from(), "text.norm.weight");
  EXPECT_TRUE((root / "input_norm").parameter("weight", {4}).is_adapter()) << "any end of a path, as in PEFT";
  EXPECT_FALSE((root / "normal").parameter("weight", {4}).is_adapter());
}

TEST(ParameterStore, keeps_order_and_addresses_and_finds_by_either_name) {
  ParameterStore store;
  std::vector<Parameter*> made;
  for (int i = 0; i < 100; ++i) {
    made.push_back(&store.add(
        {.name = "file." + std::to_string(i), .module = "memory." + std::to_string(i), .shape = {2, i + 1}}));
  }
  int i = 0;
  for (Parameter& parameter : store) EXPECT_EQ(&parameter, made[static_cast<std::size_t>(i++)]);
  EXPECT_EQ(store.find("file.42"), made[42]);
  EXPECT_EQ(store.find("memory.42"), made[42]);
  EXPECT_EQ(store.find("file.100"), nullptr);
  EXPECT_EQ(count_parameters(store).total, 2 * 5050);
  EXPECT_EQ(count_parameters(store).trainable, 0);
  EXPECT_THROW(store.add({.name = "file.7", .module = "", .shape = {1}}), InternalError);
}

TEST(ParameterStore, a_trainable_parameter_in_bf16_has_an_exact_copy) {
  Pool pool(Device::cpu);
  ParameterStore store;
  for (const DType dtype : {DType::bf16, DType::f32}) {
    Parameter& parameter = store.add({.name = std::string(name_of(dtype)), .module = "", .shape = {3}});
    parameter.value = Tensor(pool, Category::weights, dtype, {3});
    from_doubles(parameter.value, {1, 2, 3});
    make_trainable(parameter, pool);
    EXPECT_EQ(static_cast<bool>(parameter.master), dtype == DType::bf16);
    EXPECT_EQ(parameter.grad->dtype, DType::f32);
    EXPECT_EQ(to_doubles(parameter.exact()), (std::vector<double>{1, 2, 3}));
  }
  EXPECT_EQ(count_parameters(store).trainable, 6);
  Parameter& buffer = store.add({.name = "buffer", .module = "", .shape = {1}, .buffer = true});
  buffer.value = Tensor(pool, Category::weights, DType::f32, {1});
  EXPECT_THROW(make_trainable(buffer, pool), InternalError);
}

TEST(LinearPolicy, a_list_names_modules_by_the_ends_of_their_paths) {
  LinearPolicy policy(lora(list({"q_proj", "mlp.up_proj"})));
  EXPECT_TRUE(policy.lora("model.layers.0.self_attn.q_proj"));
  EXPECT_TRUE(policy.lora("q_proj"));
  EXPECT_FALSE(policy.lora("model.layers.0.self_attn.xq_proj"));
  EXPECT_TRUE(policy.lora("model.layers.1.mlp.up_proj"));
  EXPECT_FALSE(policy.lora("model.layers.1.moe.up_proj"));
  EXPECT_EQ(policy.adapted(), 3);
  EXPECT_EQ(policy.linears().size(), 5U);
  EXPECT_NO_THROW(policy.check_matched());
}

TEST(LinearPolicy, an_expression_matches_whole_paths) {
  LinearPolicy policy(lora({.items = {R"(.*\.layers\.[02]\..*proj)"}, .is_string = true}));
  EXPECT_TRUE(policy.lora("model.layers.2.mlp.up_proj"));
  EXPECT_FALSE(policy.lora("model.layers.1.mlp.up_proj"));
  EXPECT_FALSE(policy.lora("model.layers.2.mlp.up_proj.more"));
}

TEST(LinearPolicy, what_matched_nothing_is_named) {
  LinearPolicy policy(lora(list({"q_proj", "nonsense"})));
  policy.lora("model.layers.0.self_attn.q_proj");
  try {
    policy.check_matched();
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("nonsense"), std::string::npos);
    EXPECT_EQ(std::string(error.what()).find("q_proj matches"), std::string::npos);
  }
}

TEST(LinearPolicy, patterns_give_ranks_and_scales_of_their_own) {
  AdapterOptions options = lora(list({"q_proj", "v_proj"}));
  options.rank_pattern.entries = {{"layers.1.self_attn.q_proj", "2"}};
  options.alpha_pattern.entries = {{"v_proj", "16"}};
  options.rslora = true;
  options.exclude_modules = list({"layers.2.self_attn.q_proj"});
  LinearPolicy policy(options);
  EXPECT_EQ(policy.lora("model.layers.0.self_attn.q_proj")->rank, 4);
  EXPECT_NEAR(policy.lora("model.layers.0.self_attn.q_proj")->scale, 8 / 2.0, 1e-15);
  EXPECT_EQ(policy.lora("model.layers.1.self_attn.q_proj")->rank, 2);
  EXPECT_NEAR(policy.lora("model.layers.1.self_attn.v_proj")->scale, 16 / 2.0, 1e-15);
  EXPECT_FALSE(policy.lora("model.layers.2.self_attn.q_proj"));
}

TEST(LinearPolicy, without_adapters_everything_is_plain) {
  LinearPolicy policy;
  EXPECT_FALSE(policy.lora("model.layers.0.self_attn.q_proj"));
  EXPECT_FALSE(policy.saves("model.norm.weight"));
  EXPECT_EQ(policy.adapted(), 0);
  EXPECT_NO_THROW(policy.check_matched());
}

}  // namespace
}  // namespace eft
