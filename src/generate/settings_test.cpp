#include "generate/settings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "generate/chat.h"

namespace eft {
namespace {

constexpr const char* kModel = "examples/demo/model";

const Tokenizer& demo() {
  static const Tokenizer tokenizer = Tokenizer::load(kModel);
  return tokenizer;
}

class GenerationConfigFile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  GenerationConfig read(const std::string& text) {
    write_text(folder_ / "generation_config.json", text);
    return read_generation_config(folder_);
  }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / "eft_generation_config_test";
};

TEST_F(GenerationConfigFile, gives_stop_tokens_and_sampling) {
  EXPECT_EQ(read(R"({"eos_token_id": 7})").stop_tokens, std::vector<TokenId>{7});
  const GenerationConfig config = read(R"({"eos_token_id": [1, 106], "do_sample": true, "top_k": 64, "top_p": 0.95})");
  EXPECT_EQ(config.stop_tokens, (std::vector<TokenId>{1, 106}));
  EXPECT_EQ(config.sampling.temperature, 1.0);
  EXPECT_EQ(config.sampling.top_k, 64);
  EXPECT_EQ(config.sampling.top_p, 0.95);
}

TEST_F(GenerationConfigFile, is_greedy_unless_it_samples) {
  EXPECT_EQ(read_generation_config(folder_).sampling.temperature, 0);
  EXPECT_EQ(read(R"({"top_k": 64})").sampling.temperature, 0);
  EXPECT_THROW(read(R"({"eos_token_id": "one"})"), ConfigError);
}

TEST(StopTokens, are_the_configurations_and_the_ends_of_turn) {
  const TokenId eos = *demo().id_of(demo().eos_token());
  ModelInfo model;
  model.stop_tokens = {eos, 106, 1'000'000};  // the others are no special tokens of this tokenizer
  const std::vector<TokenId> family = stop_tokens({}, model, demo());
  for (const TokenId token : family) EXPECT_TRUE(demo().is_special(token)) << token;
  EXPECT_EQ(std::ranges::count(family, eos), 1);
  const auto turn = demo().id_of("<turn|>");
  ASSERT_TRUE(turn);
  EXPECT_EQ(std::ranges::count(family, *turn), 1);
  const std::vector<TokenId> own = stop_tokens({.sampling = {}, .stop_tokens = {9}}, model, demo());
  EXPECT_EQ(own.front(), 9);
}

TEST(PlainPrompt, stands_behind_one_bos) {
  const TokenId bos = *demo().id_of(demo().bos_token());
  const auto plain = encode_plain(demo(), "a cat");
  EXPECT_EQ(std::ranges::count(plain, bos), demo().adds_bos() ? 1 : 0);
  const auto twice = encode_plain(demo(), demo().bos_token() + "a cat");
  EXPECT_EQ(std::ranges::count(twice, bos), 1);
}

TEST(ChatPrompt, holds_the_turns_and_one_bos) {
  Chat chat(ChatTemplate::by_name("gemma4", demo().bos_token(), demo().eos_token()), demo(), "Be brief.");
  chat.add_user("Who is there?");
  const auto first = chat.prompt().tokens;
  EXPECT_EQ(std::ranges::count(first, *demo().id_of(demo().bos_token())), 1);
  const auto answer = demo().encode("a cat");
  chat.add_model(answer);
  chat.add_user("Which?");
  const std::string text = demo().decode(chat.prompt().tokens);
  EXPECT_LT(text.find("Be brief."), text.find("Who is there?"));
  EXPECT_LT(text.find("Who is there?"), text.find("a cat"));
  EXPECT_LT(text.find("a cat"), text.find("Which?"));
  EXPECT_NE(text.find("Which?"), std::string::npos);
}

TEST(ChatPrompt, wants_a_template_that_exists) {
  EXPECT_THROW(choose_chat_template("gemma5", kModel, demo()), ConfigError);
  EXPECT_THROW(choose_chat_template("", "tests/golden/data/gemma3", demo()), DataError);
}

}  // namespace
}  // namespace eft
