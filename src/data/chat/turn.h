#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/chat/conversation.h"
#include "data/chat/turn_frame.h"
#include "text/chat_template.h"
#include "media/image_layout.h"

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

  /// Puts text around each `mark` that the template printed, one of `expansions` for each in order. What stands in
  /// front of a turn's first part does not count to it, what stands behind its last part does. Throws DataError where
  /// there are more or fewer marks. Once, before text() is used.
  void expand_images(std::string_view mark, std::span<const ImageExpansion> expansions);

  /// With the thoughts of the turns that have one.
  const std::string& text() const { return shown_; }
  std::size_t turns() const { return conversation_.messages.size(); }
  const std::string& role(std::size_t turn) const { return conversation_.role(turn); }
  const TurnTraining& training(std::size_t turn) const { return conversation_.training[turn]; }
  const nlohmann::ordered_json& messages() const { return conversation_.messages; }
  const nlohmann::ordered_json& tools() const { return conversation_.tools; }
  /// The string property `key` of a turn.
  std::optional<std::string> property(std::size_t turn, const std::string& key) const;
  /// The bytes of text() that the content of `turn` made, with its tool calls and reasoning; none when it is empty or
  /// the template drops it. They are two spans where the template prints the answers of tools inside the turn that
  /// called them, be they turns of their own or its tool_responses.
  std::vector<ByteSpan> find(std::size_t turn);
  /// The same by renderings for this turn only, which find() does without where turns are plain text in a frame.
  std::vector<ByteSpan> find_alone(std::size_t turn);
  /// The bytes that one string property of a turn made, empty when there are none.
  ByteSpan find_property(std::size_t turn, const std::string& key);
  /// Whether the turn is plain text in the template's frame, all of which is printed.
  bool is_framed(std::size_t turn);
  /// What the same template makes of another conversation; nothing when it refuses it.
  std::optional<std::string> render_other(const nlohmann::ordered_json& messages,
                                          const nlohmann::ordered_json& tools) const;
  /// The bytes that the thought of a turn takes with the channel around it, empty when it has none.
  ByteSpan thought(std::size_t turn) const;

 private:
  /// A thought in front of the byte `at` of text_.
  struct Insertion {
    std::size_t turn;
    std::size_t at;
    std::string text;
    bool belongs_to_front = false;  ///< to the text in front of it, rather than to that behind it
  };

  void insert_thoughts();
  /// Makes shown_ anew.
  void insert();
  void look_for_frame();
  /// A span of text_ as one of shown_.
  ByteSpan shown(ByteSpan span) const;
  std::string render() const;
  using Copies = std::array<nlohmann::ordered_json, 2>;
  /// Where text_ differs when `turn` is each of two other messages, which may be nowhere. A template that refuses them
  /// may take them at the end of a conversation, without the turns that follow. Throws DataError when it does not.
  ByteSpan differences(std::size_t turn, const Copies& instead);
  /// The same for the message as it is without what it says.
  ByteSpan placeholder_differences(std::size_t turn);
  /// Where `text`, of conversation_ now, differs from that of either copy.
  ByteSpan compare(std::string_view text, std::size_t turn, const Copies& instead);
  /// What of text_ is there because of tool_responses of `turn` and the tool turns that follow it.
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
