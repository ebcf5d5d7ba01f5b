#include "data/token_check.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace eft {
namespace {

/// "" or what is wrong with `options` for the demo's tokenizer.
std::string fault_of(const TokenOptions& options) {
  static const Tokenizer tokenizer = Tokenizer::load("examples/demo/model");
  try {
    check_tokens(options, tokenizer);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(TokenCheck, the_tokenizers_own_tokens_ask_for_nothing) {
  const Tokenizer tokenizer = Tokenizer::load("examples/demo/model");
  SpecialTokenOptions special{.bos_token = tokenizer.bos_token(), .eos_token = tokenizer.eos_token()};
  special.additional_special_tokens = {tokenizer.bos_token()};
  EXPECT_EQ(fault_of({.special_tokens = special, .tokens = {tokenizer.eos_token()}}), "");
  special.pad_token = "<whatever>";
  EXPECT_EQ(fault_of({.special_tokens = special, .tokens = {}}), "") << "nothing is padded";
}

TEST(TokenCheck, others_are_named) {
  EXPECT_NE(fault_of({.special_tokens = SpecialTokenOptions{.eos_token = "<|im_end|>"}, .tokens = {}})
                .find("special_tokens.eos_token: <|im_end|>, the tokenizer's is "),
            std::string::npos);
  EXPECT_NE(fault_of({.special_tokens = SpecialTokenOptions{.bos_token = "<s>"}, .tokens = {}}).find("bos_token: <s>"),
            std::string::npos);
  EXPECT_NE(fault_of({.special_tokens = {}, .tokens = {"<new>"}}).find("tokens: <new> is no special token"),
            std::string::npos);
  EXPECT_NE(fault_of({.special_tokens = SpecialTokenOptions{.additional_special_tokens = {"the"}}, .tokens = {}})
                .find("additional_special_tokens: the"),
            std::string::npos);
}

}  // namespace
}  // namespace eft
