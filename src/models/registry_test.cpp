#include "models/registry.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "models/load.h"
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
