#include "data/chat/turn_frame.h"

#include <algorithm>

namespace eft {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\f\v";
  const auto begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

/// The text in front of each placeholder and behind the last one; nothing when one is missing, doubled or elsewhere.
std::optional<std::vector<std::string_view>> frame_of(std::string_view framed, const std::vector<FramedTurn>& turns) {
  std::vector<std::string_view> frame;
  std::size_t done = 0;
  for (const FramedTurn& turn : turns) {
    const auto at = framed.find(turn.placeholder, done);
    if (at == std::string_view::npos || framed.find(turn.placeholder) != at) return std::nullopt;
    frame.push_back(framed.substr(done, at - done));
    done = at + turn.placeholder.size();
    if (framed.find(turn.placeholder, done) != std::string_view::npos) return std::nullopt;
  }
  frame.push_back(framed.substr(done));
  return frame;
}

}  // namespace

std::optional<std::vector<ByteSpan>> find_in_frame(std::string_view text, std::string_view framed,
                                                   const std::vector<FramedTurn>& turns) {
  const auto frame = frame_of(framed, turns);
  if (!frame || !text.starts_with(frame->front())) return std::nullopt;
  std::vector<ByteSpan> spans;
  std::size_t at = frame->front().size();
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const std::string_view behind = (*frame)[i + 1];
    const auto fits = [&](std::string_view content) {
      const std::string_view rest = text.substr(at);
      return !content.empty() && rest.starts_with(content) && rest.substr(content.size()).starts_with(behind);
    };
    std::string_view content = turns[i].content;
    if (!fits(content)) content = trimmed(content);
    if (!fits(content)) return std::nullopt;
    spans.push_back({at, at + content.size()});
    at += content.size() + behind.size();
  }
  if (at != text.size()) return std::nullopt;
  return spans;
}

}  // namespace eft
