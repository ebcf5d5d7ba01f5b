#include "base/regex.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace eft {
namespace {

bool matches(const std::string& pattern, const std::string& text) { return Regex(pattern, "key").matches(text); }

std::string fault_of(const std::string& pattern, const std::string& text = "model.layers.0.self_attn.q_proj") {
  try {
    Regex(pattern, "key").matches(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

TEST(Regex, matches_whole_texts_as_python_does) {
  EXPECT_TRUE(matches(R"(.*\.(q|v)_proj)", "model.layers.0.self_attn.q_proj"));
  EXPECT_FALSE(matches("q_proj", "self_attn.q_proj"));
  EXPECT_FALSE(matches("a|ab", "abc"));
  EXPECT_TRUE(matches("a|ab", "ab")) << "fullmatch goes on to the alternative that reaches the end";
  EXPECT_TRUE(matches(R"((?P<side>up|down)_(?P=side))", "up_up"));
  EXPECT_TRUE(matches(R"(.*(?<!vision)_proj)", "text_proj"));
  EXPECT_FALSE(matches(R"(.*(?<!vision)_proj)", "vision_proj"));
  EXPECT_TRUE(matches(R"(layers\.\d{1,2}(?!\d).*\Z)", "layers.12.mlp"));
  EXPECT_TRUE(matches("a{,2}b", "aab"));
  EXPECT_FALSE(matches("a{,2}b", "aaab"));
  EXPECT_TRUE(matches("[]{,]+", "{,]"));
  EXPECT_TRUE(matches("(?i)MODEL", "model"));
  EXPECT_TRUE(matches("é.", "éü"));
}

TEST(Regex, searches_parts) {
  EXPECT_TRUE(Regex("_proj$", "key").found_in("self_attn.q_proj"));
  EXPECT_FALSE(Regex("^_proj", "key").found_in("self_attn.q_proj"));
}

TEST(Regex, names_the_key_and_the_fault) {
  EXPECT_EQ(fault_of("(a"), "key: (a is not a regular expression: a ( without its ) at character 2");
  EXPECT_EQ(fault_of("*a"), "key: *a is not a regular expression: nothing in front of it to repeat at character 0");
  EXPECT_EQ(fault_of("[a"), "key: [a is not a regular expression: a [ without its ] at character 2");
}

TEST(Regex, is_bounded) {
  const std::string steps = "takes more than 200000 steps";
  EXPECT_NE(fault_of(repeated(".*", 40) + "zz", "z.model.layers.0.self_attn.q_proj").find(steps), std::string::npos);
  EXPECT_NE(fault_of("(?:(?:[a-z.0-9_]+)+)+!", "model.layers.0.self_attn.q_proj!.").find(steps), std::string::npos);
  EXPECT_NE(fault_of("(?:a|a|aa)+b", std::string(60, 'a') + "ba").find(steps), std::string::npos);
  EXPECT_NE(fault_of(repeated("(", 2000) + repeated(")", 2000)).find("inside each other"), std::string::npos);
  EXPECT_NE(fault_of(std::string(1 << 20, 'a')).find("1048576 characters"), std::string::npos);
  EXPECT_NE(fault_of("(((((a{900}){900}){900}){900}){900})").find("too large"), std::string::npos);
}

}  // namespace
}  // namespace eft
