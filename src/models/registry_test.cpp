#include "models/registry.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "models/load.h"
#include "models/rope.h"
#include "nn/kv_cache.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

class Registry : public testing::Test {
 protected:
  fs::path folder_ = fs::temp_directory_path() / "eft_registry";
  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// What is wrong with a small model of `family` with `keys` in its config.json.
  std::string refusal(const std::string& family, const std::string& keys) const {
    write_text(folder_ / "config.json", R"({"model_type": ")" + family + R"(", "hidden_size": 8, "num_hidden_layers": 4,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "intermediate_size": 8, "vocab_size": 16)" +
        (keys.empty() ? "" : ", " + keys) + "}");
    try {
      build_model(folder_ / "config.json", LinearPolicy(), nullptr);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  }
};

TEST_F(Registry, refuses_what_would_be_computed_otherwise) {
  for (const char* family : {"gemma3_text", "gemma4_text"}) {
    EXPECT_EQ(refusal(family, ""), "no error");
    for (const char* keys : {R"("hidden_activation": "silu")", R"("attention_bias": true)", R"("attention_dropout": 0.1)",
                             R"("sliding_window": 0)", R"("num_kv_shared_layers": 4)", R"("num_kv_shared_layers": -1)",
                             R"("final_logit_softcapping": -30)"}) {
      const std::string key(keys, 1, std::string(keys).find('"', 1) - 1);
      EXPECT_NE(refusal(family, keys).find("config.json: " + key), std::string::npos) << refusal(family, keys);
    }
  }
  EXPECT_NE(refusal("gemma3n_text", R"("altup_num_inputs": 1000000000000)").find("altup_num_inputs"), std::string::npos);
}

TEST_F(Registry, sizes_are_bounded_by_their_keys) {
  for (const char* family : {"gemma3_text", "gemma4_text", "gemma3n_text"}) {
    for (const char* keys : {R"("hidden_size": 1000000000000000000)", R"("vocab_size": -1)", R"("num_hidden_layers": 100000)",
                             R"("num_hidden_layers": 18446744073709551615)", R"("num_attention_heads": 0)", R"("head_dim": 3)",
                             R"("num_key_value_heads": 3)", R"("intermediate_size": [8, 1e30])", R"("hidden_size": "8")",
                             R"("rms_norm_eps": -1)", R"("hidden_size": 1.5)", R"("max_position_embeddings": 0)"}) {
      const std::string key(keys, 1, std::string(keys).find('"', 1) - 1);
      EXPECT_NE(refusal(family, keys).find("config.json: " + key), std::string::npos) << family << ": " << refusal(family, keys);
    }
  }
  EXPECT_NE(refusal("gemma4_text", R"("per_layer_config": {"3": {"head_dim": 1000000000000}})").find("per_layer_config.3.head_dim"),
            std::string::npos);
  const std::string deep = "\"hidden_size\": " + std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_NE(refusal("gemma3_text", deep).find("nested deeper than 200 levels"), std::string::npos);
}

TEST_F(Registry, reads_rope_as_transformers_does) {
  const auto full = [&](const std::string& keys) {
    write_text(folder_ / "config.json", "{" + keys + "}");
    return read_scaled_rope(ConfigJson(folder_ / "config.json"));
  };
  const std::string scaling = R"("rope_scaling": {"rope_type": "linear", "factor": 8.0})";
  const std::string parameters = R"("rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 2e6}})";
  EXPECT_EQ(full("").theta, 1e6);
  EXPECT_EQ(full(R"("rope_theta": 3e6)").theta, 3e6);
  EXPECT_EQ(full(scaling).factor, 8.0);
  EXPECT_EQ(full(parameters).theta, 2e6);
  EXPECT_EQ(full(parameters + R"(, "rope_theta": 3e6)").theta, 2e6);
  EXPECT_EQ(full(scaling + ", " + parameters).factor, 8.0) << "rope_scaling goes over the full layers";
  EXPECT_EQ(full(scaling + ", " + parameters).theta, 2e6);
  EXPECT_EQ(full(R"("rope_scaling": {"rope_type": "linear", "factor": 8, "rope_theta": 5e6}, )" + parameters).theta, 5e6);
  const RopeSpec other = full(R"("rope_scaling": {"factor": 4.0},
      "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6}})");
  EXPECT_EQ(other.factor, 4.0);
  EXPECT_EQ(full(R"("rope_parameters": {"full_attention": {"type": "linear", "factor": 8.0}})").factor, 8.0);
  EXPECT_THROW(full(R"("rope_scaling": {"type": "linear", "factor": 8.0})"), ConfigError) << "Transformers takes no notice of it";
  EXPECT_THROW(full(R"("rope_scaling": {"type": "linear", "factor": 8.0}, )" + parameters), ConfigError);
  EXPECT_THROW(full(R"("rope_scaling": {"rope_type": "yarn", "factor": 8.0})"), ConfigError);
  EXPECT_THROW(full(R"("rope_scaling": {"rope_type": "linear", "factor": 0})"), ConfigError);
  EXPECT_THROW(full(R"("rope_parameters": {"full_attention": {"rope_theta": -1}})"), ConfigError);
}

TEST_F(Registry, refuses_to_continue_texts_with_a_model_that_sees_later_tokens) {
  write_text(folder_ / "config.json", R"({"model_type": "gemma3_text", "hidden_size": 8, "num_hidden_layers": 1,
      "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4, "intermediate_size": 8, "vocab_size": 16,
      "use_bidirectional_attention": true})");
  const BuiltModel built = build_model(folder_ / "config.json", LinearPolicy(), nullptr);
  KvCache cache(built.model->info().cache_windows);
  Pool pool(Device::meta);
  Context ctx{.pool = &pool};
  const std::vector<std::int32_t> token{1}, position{0};
  const std::vector<std::int64_t> starts{0, 1};
  EXPECT_THROW(built.model->hidden(ctx, {token, position, starts}, &cache), ConfigError);
}

}  // namespace
}  // namespace eft
