#include "data/chat/thinking.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace eft {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

struct Tags {
  std::string_view open;
  std::string_view close;
};

constexpr std::array kThoughts = {Tags{"<think>", "</think>"}, Tags{"<reasoning>", "</reasoning>"},
                                  Tags{"<|begin_of_thought|>", "<|end_of_thought|>"}};
constexpr Tags kSolution{"<|begin_of_solution|>", "<|end_of_solution|>"};

std::string_view stripped_front(std::string_view text) {
  const auto begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

std::string_view stripped(std::string_view text) {
  text = stripped_front(text);
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

/// What stands between the first of each tag, when both are there in this order.
std::optional<std::string_view> between(std::string_view text, Tags tags) {
  const auto open = text.find(tags.open);
  const auto close = text.find(tags.close);
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  const auto begin = open + tags.open.size();
  return text.substr(begin, close - begin);
}

}  // namespace

bool split_thinking(nlohmann::ordered_json& message, const std::string& key) {
  const auto found = message.find("content");
  if (found == message.end() || !found->is_string()) return false;
  const std::string content = *found;
  for (const Tags& tags : kThoughts) {
    const auto thought = between(content, tags);
    if (!thought) continue;
    const auto open = static_cast<std::size_t>(thought->data() - content.data()) - tags.open.size();
    const auto close = open + tags.open.size() + thought->size() + tags.close.size();
    const std::string_view front = stripped_front(std::string_view(content).substr(0, open));
    const std::string_view rest = stripped_front(std::string_view(content).substr(close));
    const auto solution = between(rest, kSolution);
    message["content"] = std::string(front) + std::string(solution ? stripped(*solution) : rest);
    const std::string own(stripped(*thought));
    if (!message.contains(key) || message[key].is_null()) message[key] = own;
    break;
  }
  const auto& left = message["content"].get_ref<const std::string&>();
  return std::ranges::any_of(kThoughts, [&](const Tags& tags) {
    return left.find(tags.open) != std::string::npos || left.find(tags.close) != std::string::npos;
  });
}

void split_thought_channel(nlohmann::ordered_json& message, const std::string& key) {
  constexpr Tags kChannel{"<|channel>", "<channel|>"};
  const auto found = message.find("content");
  if (found == message.end() || !found->is_string()) return;
  const std::string content = *found;
  const auto channel = between(content, kChannel);
  if (!channel || !stripped(std::string_view(content).substr(0, content.find(kChannel.open))).empty()) return;
  const auto end = static_cast<std::size_t>(channel->data() - content.data()) + channel->size() + kChannel.close.size();
  message["content"] = std::string(stripped_front(std::string_view(content).substr(end)));
  const bool named = channel->starts_with("thought\n");
  const std::string thought(stripped(named ? channel->substr(std::string_view("thought\n").size()) : *channel));
  if (!thought.empty() && !message.contains(key)) message[key] = thought;
}

}  // namespace eft
