#include "data/chat/turn.h"

#include <gtest/gtest.h>

#include <array>

#include "base/random.h"
#include "data/test_files.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// Templates that frame, trim, fold, drop, look at and move what turns say.
constexpr std::array kTemplates = {
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>\n{% endfor %}",
    "{% for m in messages %}[{{ m.role }}] {{ m.content | trim }}\n{% endfor %}",
    "{% for m in messages %}{{ m.content }}{% endfor %}",
    "{% for m in messages %}{% if 'a' in m.content %}(a){% endif %}{{ m.content }}|{% endfor %}",
    "{% for m in messages %}{{ m.content | upper }}|{% endfor %}",
    "{% for m in messages %}{{ m.content }}{% if loop.last %} {{ messages[0].content }}{% endif %}|{% endfor %}",
    "{% for m in messages | reverse %}{{ m.content }}|{% endfor %}",
    "{% for m in messages %}{% if not loop.first %}{{ m.role }}: {{ m.content }};{% endif %}{% endfor %}",
    "{% for m in messages %}{{ m.content.split('</think>')[-1] }}|{% endfor %}"};

std::string random_content(Random& random) {
  static const std::array<std::string, 12> kParts = {"a",    "b", " ",  "\n", "[[placeholder 1]]", "é", "😀", "</think>",
                                                     "</s>", "|", "[[", "z"};
  std::string text;
  for (std::uint64_t parts = random.below(6); parts > 0; --parts) text += kParts[random.below(kParts.size())];
  return text;
}

TEST(RenderedConversation, finds_turns_in_the_frame_where_it_finds_each_alone) {
  Random random(3);
  const Json kwargs = Json::object();
  int compared = 0;
  for (const char* source : kTemplates) {
    const ChatTemplate chat_template("test", source, "", "");
    for (int round = 0; round < 60; ++round) {
      Conversation conversation;
      for (std::uint64_t turns = 1 + random.below(5); turns > 0; --turns) {
        const char* role = turns % 2 == 0 ? "user" : "assistant";
        conversation.messages.push_back({{"role", role}, {"content", random_content(random)}});
        conversation.training.emplace_back();
      }
      RenderedConversation rendered(chat_template, conversation, kwargs);
      for (std::size_t turn = 0; turn < rendered.turns(); ++turn, ++compared) {
        const auto found = rendered.find(turn);
        const auto alone = rendered.find_alone(turn);
        const std::string what = std::string(source) + "\n" + conversation.messages.dump();
        ASSERT_EQ(found.size(), alone.size()) << what;
        if (found.empty()) continue;
        EXPECT_EQ(found[0].begin, alone[0].begin) << what;
        EXPECT_EQ(found[0].end, alone[0].end) << what;
      }
    }
  }
  EXPECT_GT(compared, 1000);
}

}  // namespace
}  // namespace eft
