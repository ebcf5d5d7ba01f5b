#include "data/chat/turn.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/error.h"

#include "data/chat/thinking.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// The turn without all that it says; a tool's answer keeps what tells which call it belongs to.
Json placeholder_for(const Json& message, const char* placeholder) {
  Json empty = Json{{"role", message["role"]}, {"content", placeholder}};
  for (const char* key : {"name", "tool_call_id"}) {
    if (const auto found = message.find(key); found != message.end()) empty[key] = *found;
  }
  return empty;
}

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

}  // namespace

ByteSpan difference(std::string_view text, std::string_view other) {
  const std::size_t limit = std::min(text.size(), other.size());
  auto begin = static_cast<std::size_t>(
      std::mismatch(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(limit), other.begin()).first -
      text.begin());
  const auto inside = [](std::string_view s, std::size_t at) { return at < s.size() && continues_character(s[at]); };
  while (begin > 0 && (inside(text, begin) || inside(other, begin))) --begin;
  std::size_t same = 0;
  while (same < limit - begin && text[text.size() - 1 - same] == other[other.size() - 1 - same]) ++same;
  while (same > 0 && continues_character(text[text.size() - same])) --same;
  return {begin, text.size() - same};
}

RenderedConversation::RenderedConversation(const ChatTemplate& chat_template, Conversation conversation,
                                           const Json& kwargs)
    : chat_template_(chat_template), conversation_(std::move(conversation)), kwargs_(kwargs), text_(render()) {
  insert_thoughts();
}

void RenderedConversation::insert_thoughts() {
  for (std::size_t turn = 0; turn < turns(); ++turn) {
    const std::string& thought = training(turn).thought;
    if (thought.empty()) continue;
    std::size_t at = text_.size();
    Json original = conversation_.messages[turn];
    for (const char* placeholder : kPlaceholders) {
      conversation_.messages[turn] = placeholder_for(original, placeholder);
      const std::string other = render();
      if (other != text_) at = std::min(at, difference(text_, other).begin);
    }
    conversation_.messages[turn] = std::move(original);
    if (at == text_.size()) continue;  // the template drops the turn
    insertions_.push_back({turn, at, std::string(kThoughtOpen) + thought + std::string(kThoughtClose)});
  }
  std::ranges::stable_sort(insertions_, {}, &Insertion::at);
  std::size_t done = 0;
  for (const Insertion& insertion : insertions_) {
    shown_.append(text_, done, insertion.at - done);
    shown_ += insertion.text;
    done = insertion.at;
  }
  shown_.append(text_, done);
}

ByteSpan RenderedConversation::shown(ByteSpan span) const {
  ByteSpan moved = span;
  for (const Insertion& insertion : insertions_) {
    if (insertion.at <= span.begin) moved.begin += insertion.text.size();
    if (insertion.at < span.end) moved.end += insertion.text.size();
  }
  return moved;
}

ByteSpan RenderedConversation::thought(std::size_t turn) const {
  std::size_t before = 0;
  for (const Insertion& insertion : insertions_) {
    if (insertion.turn == turn) return {insertion.at + before, insertion.at + before + insertion.text.size()};
    before += insertion.text.size();
  }
  return {};
}

std::string RenderedConversation::render() const {
  const Json* tools = conversation_.tools.is_null() ? nullptr : &conversation_.tools;
  return chat_template_.render({.messages = conversation_.messages, .tools = tools, .kwargs = &kwargs_});
}

ByteSpan RenderedConversation::tool_answers(std::size_t turn) {
  Json& messages = conversation_.messages;
  std::size_t end = turn + 1;
  while (end < messages.size() && conversation_.role(end) == "tool") ++end;
  if (end == turn + 1) return {};
  // Without the content of the turn, which may stand behind the answers or in front of them.
  Json original = messages;
  messages[turn]["content"] = "";
  const std::string with = render();
  messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(turn) + 1,
                 messages.begin() + static_cast<std::ptrdiff_t>(end));
  ByteSpan answers = difference(with, render());
  messages = std::move(original);
  if (text_.compare(0, answers.end, with, 0, answers.end) != 0) answers = {};
  return answers;
}

ByteSpan RenderedConversation::differences(std::size_t turn, const std::array<Json, 2>& instead) {
  Json original = conversation_.messages[turn];
  ByteSpan span{text_.size(), 0};
  for (const Json& message : instead) {
    conversation_.messages[turn] = message;
    const ByteSpan one = difference(text_, render());
    span = {std::min(span.begin, one.begin), std::max(span.end, one.end)};
  }
  conversation_.messages[turn] = std::move(original);
  return span.end <= span.begin ? ByteSpan() : span;
}

void RenderedConversation::look_for_frame() {
  framed_.emplace(turns());
  Json& messages = conversation_.messages;
  const Json original = messages;
  std::vector<std::size_t> plain;
  std::vector<FramedTurn> framed;
  for (std::size_t turn = 0; turn < original.size(); ++turn) {
    const Json& message = original[turn];
    const auto content = message.find("content");
    if (message.size() != 2 || content == message.end() || !content->is_string()) continue;
    plain.push_back(turn);
    framed.push_back({content->get_ref<const std::string&>(), "[[placeholder " + std::to_string(turn) + "]]"});
    messages[turn]["content"] = framed.back().placeholder;
  }
  std::optional<std::vector<ByteSpan>> spans;
  try {
    if (!framed.empty()) spans = find_in_frame(text_, render(), framed);
  } catch (const DataError&) {
    // A template that does not take the placeholders says so again when a turn is looked for by itself.
  }
  messages = original;
  for (std::size_t i = 0; spans && i < plain.size(); ++i) (*framed_)[plain[i]] = (*spans)[i];
}

std::vector<ByteSpan> RenderedConversation::find(std::size_t turn) {
  if (!framed_) look_for_frame();
  if (const auto& span = (*framed_)[turn]) return {shown(*span)};
  return find_alone(turn);
}

std::vector<ByteSpan> RenderedConversation::find_alone(std::size_t turn) {
  const Json& message = conversation_.messages[turn];
  const ByteSpan span =
      differences(turn, {placeholder_for(message, kPlaceholders[0]), placeholder_for(message, kPlaceholders[1])});
  if (span.end == 0) return {};
  if (!message.contains("tool_calls")) return {shown(span)};
  const ByteSpan answers = tool_answers(turn);
  if (answers.end <= answers.begin || answers.begin < span.begin || answers.end > span.end) return {shown(span)};
  std::vector<ByteSpan> spans = {{span.begin, answers.begin}, {answers.end, span.end}};
  std::erase_if(spans, [](ByteSpan part) { return part.end <= part.begin; });
  for (ByteSpan& part : spans) part = shown(part);
  return spans;
}

ByteSpan RenderedConversation::find_property(std::size_t turn, const std::string& key) {
  std::array<Json, 2> instead = {conversation_.messages[turn], conversation_.messages[turn]};
  for (std::size_t i = 0; i < instead.size(); ++i) instead[i][key] = kPlaceholders[i];
  const ByteSpan span = differences(turn, instead);
  return span.end == 0 ? span : shown(span);
}

std::optional<std::string> RenderedConversation::property(std::size_t turn, const std::string& key) const {
  const Json& message = conversation_.messages[turn];
  const auto found = message.find(key);
  if (found == message.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace eft
