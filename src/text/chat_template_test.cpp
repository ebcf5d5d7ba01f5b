#include "text/chat_template.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

const Json* found(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at == object.end() ? nullptr : &*at;
}

std::string render(const ChatTemplate& chat_template, const Json& conversation) {
  Json kwargs = Json::object();
  if (const Json* thinking = found(conversation, "enable_thinking")) kwargs["enable_thinking"] = *thinking;
  return chat_template.render({.messages = conversation["messages"],
                               .tools = found(conversation, "tools"),
                               .kwargs = &kwargs,
                               .add_generation_prompt = conversation.value("add_generation_prompt", false)});
}

/// What a template makes of a conversation, in the form of the golden files; of an error the words behind its type.
std::string outcome(const ChatTemplate& chat_template, const Json& conversation) {
  try {
    return "output: " + render(chat_template, conversation);
  } catch (const DataError& error) {
    const std::string what = error.what();
    return "error: " + what.substr(what.find(": ") + 2);
  }
}

std::string expected_outcome(const Json& entry) {
  if (const Json* output = found(entry, "output")) return "output: " + output->get<std::string>();
  const std::string error = entry["error"];
  return "error: " + error.substr(error.find(": ") + 2);
}

class NamedTemplate : public testing::TestWithParam<const char*> {};

TEST_P(NamedTemplate, renders_what_the_family_s_own_template_renders) {
  const auto chat_template = ChatTemplate::by_name(GetParam(), "<bos>", "<eos>");
  const Json conversations = Json::parse(read_text("tests/golden/data/jinja/conversations.json"));
  const Json golden = Json::parse(read_text("tests/golden/data/jinja/" + std::string(GetParam()) + ".json"));
  ASSERT_EQ(conversations.size(), golden.size());
  for (std::size_t i = 0; i < golden.size(); ++i) {
    EXPECT_EQ(outcome(chat_template, conversations[i]), expected_outcome(golden[i])) << conversations[i].dump();
  }
}

INSTANTIATE_TEST_SUITE_P(ChatTemplate, NamedTemplate,
                         testing::Values("gemma", "gemma3", "gemma3n", "gemma4", "chatml", "alpaca"),
                         [](const auto& info) { return info.param; });

const Json kHello = Json::parse(R"([{"role": "user", "content": " Hi "}])");

TEST(ChatTemplate, gemma4_unified_is_gemma4) {
  EXPECT_EQ(ChatTemplate::by_name("gemma4_unified", "<bos>", "").render({.messages = kHello}),
            ChatTemplate::by_name("gemma4", "<bos>", "").render({.messages = kHello}));
}

TEST(ChatTemplate, an_unknown_name_lists_the_known_ones) {
  try {
    ChatTemplate::by_name("gemma5", "<bos>", "<eos>");
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "chat_template: no template named 'gemma5', expected one of gemma, gemma3, gemma3n, gemma4, "
                 "gemma4_unified, chatml, alpaca; put another one into a file");
  }
}

TEST(ChatTemplate, roles_that_do_not_alternate_are_an_error_with_name_and_line) {
  const Json twice = Json::parse(R"([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])");
  try {
    ChatTemplate::by_name("gemma3", "<bos>", "<eos>").render({.messages = twice});
    FAIL();
  } catch (const DataError& error) {
    const std::string what = error.what();
    EXPECT_TRUE(what.starts_with("gemma3:")) << what;
    EXPECT_TRUE(what.ends_with(": Conversation roles must alternate user/assistant/user/assistant/...")) << what;
  }
}

TEST(ChatTemplate, input_of_the_wrong_shape_is_an_error) {
  const auto chat_template = ChatTemplate::by_name("gemma4", "<bos>", "<eos>");
  const Json text = "no list";
  const Json strings = Json::array({"no object"});
  EXPECT_THROW(chat_template.render({.messages = text}), DataError);
  EXPECT_THROW(chat_template.render({.messages = strings}), DataError);
  EXPECT_THROW(chat_template.render({.messages = kHello, .tools = &strings}), DataError);
  EXPECT_THROW(chat_template.render({.messages = kHello, .kwargs = &strings}), DataError);
}

TEST(ChatTemplate, further_variables_reach_the_template) {
  const ChatTemplate chat_template("t", "{{ bos_token }}{{ style.tone }}{{ tools is none }}{{ eos_token }}", "<b>",
                                   "<e>");
  const Json kwargs = Json::parse(R"({"style": {"tone": "calm"}})");
  EXPECT_EQ(chat_template.render({.messages = kHello, .kwargs = &kwargs}), "<b>calmTrue<e>");
}

class ModelFolder : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write(const char* name, std::string_view text) const { write_text(folder_ / name, text); }
  std::string rendered() const {
    return ChatTemplate::of_model(folder_, "<bos>", "<eos>").render({.messages = kHello});
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(ModelFolder, has_its_template_in_a_file) {
  write("tokenizer_config.json", R"({"chat_template": "old"})");
  write("chat_template.jinja", "{{ messages[0].content | trim }}!");
  EXPECT_TRUE(ChatTemplate::in_model(folder_));
  EXPECT_EQ(rendered(), "Hi!");
}

TEST_F(ModelFolder, has_its_template_in_the_tokenizer_s_configuration) {
  write("tokenizer_config.json", R"({"chat_template": "{{ messages | length }} of them"})");
  EXPECT_TRUE(ChatTemplate::in_model(folder_));
  EXPECT_EQ(rendered(), "1 of them");
}

TEST_F(ModelFolder, has_several_templates_of_which_the_default_counts) {
  write("tokenizer_config.json",
        R"({"chat_template": [{"name": "rag", "template": "no"}, {"name": "default", "template": "yes"}]})");
  EXPECT_EQ(rendered(), "yes");
}

TEST_F(ModelFolder, has_a_template_for_tools) {
  write(
      "tokenizer_config.json",
      R"({"chat_template": [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "{{ tools[0].name }}"}]})");
  const ChatTemplate chosen = ChatTemplate::of_model(folder_, "", "");
  const Json tools = Json::parse(R"([{"name": "ferry"}])");
  EXPECT_EQ(chosen.render({.messages = kHello}), "plain");
  EXPECT_EQ(chosen.render({.messages = kHello, .tools = &tools}), "ferry");
  EXPECT_EQ(ChatTemplate::named_in_model(folder_, "tool_use", "", "")->render({.messages = kHello, .tools = &tools}),
            "ferry");
  EXPECT_FALSE(ChatTemplate::named_in_model(folder_, "rag", "", "").has_value());
}

TEST_F(ModelFolder, has_further_templates_in_a_folder) {
  std::filesystem::create_directories(folder_ / "additional_chat_templates");
  write("chat_template.jinja", "plain");
  write("additional_chat_templates/tool_use.jinja", "tools");
  write("tokenizer_config.json", R"({"chat_template": "old"})");
  const Json tools = Json::array();
  const ChatTemplate chosen = ChatTemplate::of_model(folder_, "", "");
  EXPECT_EQ(chosen.render({.messages = kHello}), "plain");
  EXPECT_EQ(chosen.render({.messages = kHello, .tools = &tools}), "tools");
}

TEST_F(ModelFolder, may_have_the_template_of_a_processor) {
  write("tokenizer_config.json", R"({"bos_token": "<bos>"})");
  write("chat_template.json", R"({"chat_template": "processor"})");
  EXPECT_EQ(rendered(), "processor");
  write("tokenizer_config.json", R"({"chat_template": "tokenizer"})");
  EXPECT_EQ(rendered(), "tokenizer");
}

TEST_F(ModelFolder, with_named_templates_but_no_default_lists_them) {
  write("tokenizer_config.json",
        R"({"chat_template": [{"name": "rag", "template": "a"}, {"name": "other", "template": "b"}]})");
  try {
    rendered();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("rag, other"), std::string::npos);
  }
}

TEST_F(ModelFolder, has_one_source_for_both_of_its_templates) {
  const Json tools = Json::parse(R"([{"name": "ferry"}])");
  for (const char* plain :
       {"plain", "\n  plain \n", "{% set x = 1 %}\n{{ x }}\n\n", "  {%- if true %}\n  a\n  {% endif %}"}) {
    const Json config{{"chat_template",
                       {{{"name", "default"}, {"template", plain}},
                        {{"name", "tool_use"}, {"template", "\n{{ tools[0].name }} \n"}}}}};
    write("tokenizer_config.json", config.dump());
    const ChatTemplate two = ChatTemplate::of_model(folder_, "", "");
    const ChatTemplate one("one", two.source(), "", "");
    EXPECT_EQ(one.render({.messages = kHello}), two.render({.messages = kHello})) << plain;
    EXPECT_EQ(one.render({.messages = kHello, .tools = &tools}), two.render({.messages = kHello, .tools = &tools}));
  }
}

TEST_F(ModelFolder, without_a_template_says_so) {
  EXPECT_FALSE(ChatTemplate::in_model(folder_));
  EXPECT_THROW(rendered(), DataError);
  write("tokenizer_config.json", R"({"bos_token": "<bos>"})");
  EXPECT_FALSE(ChatTemplate::in_model(folder_));
  EXPECT_THROW(rendered(), DataError);
}

TEST_F(ModelFolder, with_a_corrupt_file_says_which) {
  write("tokenizer_config.json", R"({"chat_template": )");
  EXPECT_THROW(rendered(), DataError);
  write("chat_template.jinja", "one\n{% if %}");
  try {
    rendered();
    FAIL();
  } catch (const DataError& error) {
    EXPECT_EQ(error.what(), (folder_ / "chat_template.jinja").string() + ":2: unexpected '%}', expected an expression");
  }
}

}  // namespace
}  // namespace eft
