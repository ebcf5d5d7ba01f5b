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

/// The same for templates that ask which properties a turn has: all of them, lists and objects empty.
Json emptied(const Json& message, const char* placeholder) {
  Json empty = placeholder_for(message, placeholder);
  for (const auto& [key, value] : message.items()) {
    if (empty.contains(key)) continue;
    empty[key] = value.is_structured() ? Json(value.type()) : value.is_string() ? Json(placeholder) : value;
  }
  return empty;
}

/// Puts a value back when it leaves a scope.
class Restore {
 public:
  explicit Restore(Json& value) : value_(value), saved_(value) {}
  ~Restore() { value_ = std::move(saved_); }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

 private:
  Json& value_;
  Json saved_;
};

constexpr std::size_t kNoTurn = static_cast<std::size_t>(-1);  // of what is inserted for no turn as a whole

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
    const ByteSpan span = placeholder_differences(turn);
    if (span.begin == text_.size()) continue;  // the template drops the turn
    insertions_.push_back({turn, span.begin, std::string(kThoughtOpen) + thought + std::string(kThoughtClose)});
  }
  insert();
}

void RenderedConversation::expand_images(std::string_view mark, std::span<const ImageExpansion> expansions) {
  std::size_t count = 0;
  for (std::size_t at = text_.find(mark); at != std::string::npos; at = text_.find(mark, at + mark.size())) {
    if (count < expansions.size()) {
      insertions_.push_back({kNoTurn, at, expansions[count].before});
      insertions_.push_back({kNoTurn, at + mark.size(), expansions[count].behind, true});
    }
    ++count;
  }
  if (count != expansions.size()) {
    throw DataError("the template {} prints {} places for {} images", chat_template_.name(), count, expansions.size());
  }
  insert();
}

void RenderedConversation::insert() {
  // What belongs to the text in front of it comes first.
  std::ranges::stable_sort(insertions_, [](const Insertion& a, const Insertion& b) {
    return a.at != b.at ? a.at < b.at : a.belongs_to_front && !b.belongs_to_front;
  });
  shown_.clear();
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
    const bool at_end = insertion.belongs_to_front && insertion.at == span.end && span.end > span.begin;
    if (insertion.at < span.end || at_end) moved.end += insertion.text.size();
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

std::optional<std::string> RenderedConversation::render_other(const Json& messages, const Json& tools) const {
  try {
    return chat_template_.render(
        {.messages = messages, .tools = tools.is_null() ? nullptr : &tools, .kwargs = &kwargs_});
  } catch (const DataError&) {
    return std::nullopt;
  }
}

ByteSpan RenderedConversation::tool_answers(std::size_t turn) {
  const Json& messages = conversation_.messages;
  std::size_t end = turn + 1;
  while (end < messages.size() && conversation_.role(end) == "tool") ++end;
  if (end == turn + 1 && !messages[turn].contains("tool_responses")) return {};
  // The content of the turn may stand in front of the answers or behind them; in one case it is in the way.
  for (const bool with_content : {false, true}) {
    Json others = messages;
    if (!with_content) others[turn]["content"] = "";
    const auto with = with_content ? text_ : render_other(others, tools());
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(turn) + 1,
                 others.begin() + static_cast<std::ptrdiff_t>(end));
    others[turn].erase("tool_responses");
    const auto without = render_other(others, tools());
    if (!with || !without) continue;
    const ByteSpan answers = difference(*with, *without);
    if (text_.compare(0, answers.end, *with, 0, answers.end) == 0) return answers;
  }
  return {};
}

ByteSpan RenderedConversation::compare(std::string_view text, std::size_t turn, const Copies& instead) {
  const Restore original(conversation_.messages[turn]);
  ByteSpan span{text.size(), 0};
  for (const Json& message : instead) {
    conversation_.messages[turn] = message;
    const std::string other = render();
    if (other == text) continue;
    const ByteSpan one = difference(text, other);
    span = {std::min(span.begin, one.begin), std::max(span.end, one.end)};
  }
  return span;
}

ByteSpan RenderedConversation::differences(std::size_t turn, const Copies& instead) {
  try {
    return compare(text_, turn, instead);
  } catch (const DataError&) {
    if (turn + 1 == turns()) throw;
  }
  const Restore all(conversation_.messages);
  Json& messages = conversation_.messages;
  messages.erase(messages.begin() + static_cast<std::ptrdiff_t>(turn) + 1, messages.end());
  const std::string shorter = render();
  const ByteSpan span = compare(shorter, turn, instead);
  if (text_.compare(0, span.end, shorter, 0, span.end) != 0) throw DataError("the end changes what stands before it");
  return span.begin == shorter.size() ? ByteSpan{text_.size(), 0} : span;
}

ByteSpan RenderedConversation::placeholder_differences(std::size_t turn) {
  const Json message = conversation_.messages[turn];
  const auto copies = [&](const auto& copy) {
    return Copies{copy(message, kPlaceholders[0]), copy(message, kPlaceholders[1])};
  };
  try {
    return differences(turn, copies(placeholder_for));
  } catch (const DataError&) {
    // A template may check what it finds in a turn. It has taken the turn itself, so the row is not at fault.
  }
  try {
    return differences(turn, copies(emptied));
  } catch (const DataError& error) {
    throw DataError(
        "the row is rendered, but message {} cannot be found in its text, as the template refuses another "
        "text in its place: {}",
        turn + 1, error.what());
  }
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
  if (is_framed(turn)) return {shown(*(*framed_)[turn])};
  return find_alone(turn);
}

bool RenderedConversation::is_framed(std::size_t turn) {
  if (!framed_) look_for_frame();
  return (*framed_)[turn].has_value();
}

std::vector<ByteSpan> RenderedConversation::find_alone(std::size_t turn) {
  const ByteSpan span = placeholder_differences(turn);  // it may put other messages in the place of these
  if (span.end <= span.begin) return {};
  const Json& message = conversation_.messages[turn];
  if (!message.contains("tool_calls") && !message.contains("tool_responses")) return {shown(span)};
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
  return span.end <= span.begin ? ByteSpan() : shown(span);
}

std::optional<std::string> RenderedConversation::property(std::size_t turn, const std::string& key) const {
  const Json& message = conversation_.messages[turn];
  const auto found = message.find(key);
  if (found == message.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace eft
