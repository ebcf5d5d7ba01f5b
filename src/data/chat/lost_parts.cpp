#include "data/chat/lost_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/chat/thinking.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos; }

/// A copy of a conversation with marks in it. Digits stay what they are whatever filters a template applies.
class MarkedConversation {
 public:
  MarkedConversation(const RenderedConversation& rendered, const std::string& thinking_key)
      : text_(rendered.text()), messages_(rendered.messages()), tools_(rendered.tools()), thinking_key_(thinking_key) {
    if (tools_.is_array()) {
      for (Json& tool : tools_) mark_name(tool, Finding::tools, 0);
    }
    for (std::size_t turn = 0; turn < messages_.size(); ++turn) mark_message(messages_[turn], turn);
  }

  const Json& messages() const { return messages_; }
  const Json& tools() const { return tools_; }

  /// The marked parts that are not in `printed`.
  std::vector<LostPart> missing(std::string_view printed) const {
    std::vector<LostPart> lost;
    for (const auto& [part, mark] : marks_) {
      if (printed.find(mark) != std::string_view::npos) continue;
      const auto same = [&, &found = part](const LostPart& other) {
        return other.kind == found.kind && other.turn == found.turn;
      };
      if (std::ranges::none_of(lost, same)) lost.push_back(part);
    }
    return lost;
  }

 private:
  struct Mark {
    LostPart part;
    std::string text;
  };

  std::string new_mark(Finding kind, std::size_t turn) {
    std::string mark;
    do {
      mark = fmt::format("7390{:05}1", next_++);
    } while (text_.find(mark) != std::string::npos);
    marks_.push_back({{kind, turn}, mark});
    return mark;
  }

  void mark_text(Json& object, const std::string& key, Finding kind, std::size_t turn) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_string() || is_blank(found->get_ref<const std::string&>())) return;
    *found = new_mark(kind, turn);
  }

  /// The name of a function, which stands in `function` or by itself.
  void mark_name(Json& value, Finding kind, std::size_t turn) {
    if (!value.is_object()) return;
    const auto function = value.find("function");
    mark_text(function != value.end() && function->is_object() ? *function : value, "name", kind, turn);
  }

  /// The first string or number inside a value. Returns false when it has none.
  bool mark_inside(Json& value, Finding kind, std::size_t turn) {
    if (value.is_string() && !is_blank(value.get_ref<const std::string&>())) {
      value = new_mark(kind, turn);
      return true;
    }
    if (value.is_number()) {
      value = std::stoll(new_mark(kind, turn));
      return true;
    }
    if (!value.is_structured()) return false;
    return std::ranges::any_of(value, [&](Json& inner) { return mark_inside(inner, kind, turn); });
  }

  void mark_call(Json& call, std::size_t turn) {
    mark_name(call, Finding::tool_calls, turn);
    if (!call.is_object()) return;
    const auto function = call.find("function");
    Json& holder = function != call.end() && function->is_object() ? *function : call;
    if (const auto arguments = holder.find("arguments"); arguments != holder.end()) {
      mark_inside(*arguments, Finding::tool_calls, turn);
    }
  }

  void mark_message(Json& message, std::size_t turn) {
    mark_text(message, "content", Finding::content, turn);
    mark_text(message, thinking_key_, Finding::reasoning, turn);
    for (const char* name : kReasoningNames) {
      if (name != thinking_key_) mark_text(message, name, Finding::reasoning, turn);
    }
    if (const auto calls = message.find("tool_calls"); calls != message.end() && calls->is_array()) {
      for (Json& call : *calls) mark_call(call, turn);
    }
    const auto responses = message.find("tool_responses");
    if (responses == message.end() || !responses->is_array()) return;
    for (Json& response : *responses) {
      const bool named = response.is_object() && response.contains("response");
      mark_inside(named ? response["response"] : response, Finding::tool_responses, turn);
    }
  }

  const std::string& text_;
  Json messages_;
  Json tools_;
  const std::string& thinking_key_;
  std::vector<Mark> marks_;
  int next_ = 0;
};

/// Whether a turn has reasoning inside its content that is not in `text` with the rest of it.
bool loses_thought(const Json& message, const std::string& key, std::string_view text) {
  const auto content = message.find("content");
  if (message["role"] != "assistant" || content == message.end() || !content->is_string()) return false;
  Json split{{"content", *content}};
  split_thinking(split, key);
  if (!split.contains(key)) split_thought_channel(split, key);
  const auto thought = split.find(key);
  if (thought == split.end() || is_blank(thought->get_ref<const std::string&>())) return false;
  return text.find(thought->get_ref<const std::string&>()) == std::string_view::npos;
}

}  // namespace

std::vector<LostPart> find_lost_parts(RenderedConversation& rendered, const std::string& thinking_key) {
  bool plain = rendered.tools().is_null();
  for (std::size_t turn = 0; plain && turn < rendered.turns(); ++turn) plain = rendered.is_framed(turn);
  if (plain) return {};
  const MarkedConversation marked(rendered, thinking_key);
  std::vector<LostPart> lost;
  if (const auto printed = rendered.render_other(marked.messages(), marked.tools())) lost = marked.missing(*printed);
  for (std::size_t turn = 0; turn < rendered.turns(); ++turn) {
    const auto same = [&](const LostPart& part) { return part.turn == turn && part.kind == Finding::reasoning; };
    if (std::ranges::any_of(lost, same)) continue;
    if (loses_thought(rendered.messages()[turn], thinking_key, rendered.text()))
      lost.push_back({Finding::reasoning, turn});
  }
  return lost;
}

}  // namespace eft
