#include "train/optimizers/parameter_groups.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace eft {
namespace {

/// A store of trained parameters with these names; norms have one axis.
struct Store {
  explicit Store(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      const Shape shape = is_norm(name) ? Shape{2} : Shape{2, 3};
      Parameter& parameter = store.add({.name = name, .module = name, .shape = shape});
      if (std::string_view(name).starts_with("base_model")) parameter.category = Category::adapters;
      parameter.value = Tensor(pool, parameter.category, DType::f32, shape);
      make_trainable(parameter, pool);
    }
  }
  /// "name: rate, decay" of the group of each parameter, in the order of the store.
  std::vector<std::string> rules(const OptimizerOptions& options, double peak = 0.5) {
    const std::vector<ParameterGroup> groups = parameter_groups(store, options, peak);
    std::vector<std::string> rules;
    for (const Parameter& parameter : store) {
      for (const ParameterGroup& group : groups) {
        if (std::ranges::find(group.members, &parameter) == group.members.end()) continue;
        rules.push_back(fmt::format("{} {:g} {:g}", group.name, group.rate_factor * peak, group.weight_decay));
      }
    }
    return rules;
  }

  Pool pool{Device::cpu};
  ParameterStore store;
};

using Rules = std::vector<std::string>;

OptimizerOptions with_decay() {
  OptimizerOptions options;
  options.weight_decay = 0.1;
  return options;
}

TEST(ParameterGroups, norms_do_not_decay) {
  Store whole{"model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight", "model.norm.weight"};
  EXPECT_EQ(whole.rules(with_decay()), (Rules{"other 0.5 0.1", "other 0.5 0.1", "norms 0.5 0"}));
}

TEST(ParameterGroups, embeddings_have_their_rate_and_no_decay) {
  Store whole{"model.embed_tokens.weight", "lm_head.weight", "model.layers.0.mlp.up_proj.weight"};
  OptimizerOptions options = with_decay();
  options.groups.embedding_lr = 0.25;
  EXPECT_EQ(whole.rules(options), (Rules{"embeddings 0.25 0", "embeddings 0.25 0", "other 0.5 0.1"}));
  options.groups.embedding_lr_scale = 0.1;
  EXPECT_EQ(whole.rules(options), (Rules{"embeddings 0.05 0", "embeddings 0.05 0", "other 0.5 0.1"}));
}

TEST(ParameterGroups, the_first_group_that_fits_holds) {
  Store whole{"model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.gate_proj.weight",
              "model.layers.0.self_attn.q_norm.weight"};
  OptimizerOptions options = with_decay();
  options.groups.lr_groups = {{"up", {"up_proj", "embed"}, 0.2}, {"mlp", {"mlp", "q_norm"}, 0.3}};
  EXPECT_EQ(whole.rules(options), (Rules{"embeddings 0.5 0", "up 0.2 0.1", "mlp 0.3 0.1", "norms 0.5 0"}));
  options.groups.lr_groups = {{"lost", {"absent"}, 0.2}};
  EXPECT_THROW(whole.rules(options), ConfigError);
}

TEST(ParameterGroups, loraplus_speeds_the_second_matrix_up) {
  Store adapters{"base_model.model.model.layers.0.mlp.up_proj.lora_A.weight",
                 "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"};
  OptimizerOptions options;
  options.groups.loraplus_lr_ratio = 16;
  EXPECT_EQ(adapters.rules(options), (Rules{"other 0.5 0", "lora_B 8 0"}));
}

TEST(ParameterGroups, tables_are_embeddings_and_their_adapters_like_them) {
  const auto named = [](const char* name) { return Parameter{.name = name, .module = name, .shape = {2, 3}}; };
  EXPECT_TRUE(is_embedding(named("model.language_model.embed_tokens.weight")));
  EXPECT_TRUE(is_embedding(named("model.language_model.embed_tokens_per_layer.weight")));
  EXPECT_FALSE(is_embedding(named("lm_head.weight")));
  EXPECT_FALSE(is_embedding(named("base_model.model.model.embed_tokens.lora_A.weight")));
  EXPECT_TRUE(is_embedding_like(named("base_model.model.model.embed_tokens.lora_A.weight")));
  EXPECT_TRUE(is_embedding_like(named("lm_head.weight")));
}

}  // namespace
}  // namespace eft
