// A Jinja template; behind a zero byte the messages as JSON, else some of our own.
#include <nlohmann/json.hpp>

#include "target.h"
#include "text/chat_template.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

const char* const kMessages = R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hé?"},
 {"role": "assistant", "content": "", "reasoning_content": "hm", "tool_calls": [{"id": "c", "function":
 {"name": "f", "arguments": {"x": [1, 2.5, true, null]}}}]}, {"role": "tool", "tool_call_id": "c", "content": "4"},
 {"role": "assistant", "content": [{"type": "text", "text": "Ja 👍"}]}])";

}  // namespace

void fuzz_one(std::string_view input) {
  const std::size_t zero = input.find('\0');
  const std::string_view text = zero == std::string_view::npos ? kMessages : input.substr(zero + 1);
  const Json messages = Json::parse(text, nullptr, false);
  if (messages.is_discarded()) return;
  const Json tools =
      Json::parse(R"([{"type": "function", "function": {"name": "f", "parameters": {"a": {"b": []}}}}])");
  expect_errors_only([&] {
    const ChatTemplate chat_template("fuzz", input.substr(0, zero), "<bos>", "<eos>");
    const Json kwargs = {{"enable_thinking", true}};
    for (const bool generation : {false, true}) {
      expect_errors_only([&] {
        chat_template.render(
            {.messages = messages, .tools = &tools, .kwargs = &kwargs, .add_generation_prompt = generation});
      });
    }
  });
}

}  // namespace eft
