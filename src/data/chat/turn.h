#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/chat/conversation.h"
#include "data/chat/turn_frame.h"
#include "text/chat_template.h"

namespace eft {

// A template may put a character in front of the content that is also the first of a placeholder, which then hides in
// the common prefix (the same behind it). These two have no first or last character in common, so one of them shows it.
inline constexpr std::array kPlaceholders = {"[[placeholder]]", "zzplaceholderzz"};

/// Renders a conversation and finds the text that each of its turns became. A turn is found by rendering the
/// conversation again with a placeholder in its place, everything else as it is: what differs is the turn. So templates
/// may trim, move or drop what they like. A thought of a turn (TurnTraining) is put where the turn begins.
class RenderedConversation {
 public:
  /// Throws DataError when the template does.
  RenderedConversation(const ChatTemplate& chat_template, Conversation conversation,
                       const nlohmann::ordered_json& kwargs);

  /// With the thoughts of the turns that have one.
  const std::string& text() const { return shown_; }
  std::size_t turns() const { return conversation_.messages.size(); }
  const std::string& role(std::size_t turn) const { return conversation_.role(turn); }
  const TurnTraining& training(std::size_t turn) const { return conversation_.training[turn]; }
  /// The string property `key` of a turn.
  std::optional<std::string> property(std::size_t turn, const std::string& key) const;
  /// The bytes of text() that the content of `turn` made, with its tool calls and reasoning; none when it is empty or
  /// the template drops it. They are two spans where the template prints the answers of tools inside the turn that
  /// called them.
  std::vector<ByteSpan> find(std::size_t turn);
  /// The same by renderings for this turn only, which find() does without where turns are plain text in a frame.
  std::vector<ByteSpan> find_alone(std::size_t turn);
  /// The bytes that one string property of a turn made, empty when there are none.
  ByteSpan find_property(std::size_t turn, const std::string& key);
  /// The bytes that the thought of a turn takes with the channel around it, empty when it has none.
  ByteSpan thought(std::size_t turn) const;

 private:
  /// A thought in front of the byte `at` of text_.
  struct Insertion {
    std::size_t turn;
    std::size_t at;
    std::string text;
  };

  void insert_thoughts();
  void look_for_frame();
  /// A span of text_ as one of shown_.
  ByteSpan shown(ByteSpan span) const;
  std::string render() const;
  /// Where the text differs when `turn` is each of two messages instead.
  ByteSpan differences(std::size_t turn, const std::array<nlohmann::ordered_json, 2>& instead);
  /// What is there because of the tool turns that follow `turn`.
  ByteSpan tool_answers(std::size_t turn);

  const ChatTemplate& chat_template_;
  Conversation conversation_;
  const nlohmann::ordered_json& kwargs_;
  std::string text_;   // as the template made it
  std::string shown_;  // with the insertions
  std::vector<Insertion> insertions_;
  std::optional<std::vector<std::optional<ByteSpan>>> framed_;  // of each turn in text_, once looked for
};

/// Where `text` differs from `other`: all but their longest common prefix and suffix, which do not overlap. Whole
/// characters of UTF-8.
ByteSpan difference(std::string_view text, std::string_view other);

}  // namespace eft
