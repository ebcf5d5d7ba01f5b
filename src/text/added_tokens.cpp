#include "text/added_tokens.h"

#include <algorithm>

#include "text/utf8.h"
#include "text/word_characters.h"

namespace eft {
namespace {

/// \s of the Rust regex crate: White_Space.
bool is_space(char32_t code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 || code == 0x1680 ||
         (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F ||
         code == 0x3000;
}

bool is_inside_word(std::string_view text, std::size_t begin, std::size_t end) {
  if (begin > 0 && is_word_character(utf8::previous(text, begin))) return true;
  return end < text.size() && is_word_character(utf8::next(text, end));
}

std::size_t spaces_before(std::string_view text, std::size_t at, std::size_t limit) {
  while (at > limit && is_space(utf8::previous(text, at))) {
    do --at;
    while ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80);
  }
  return at;
}

std::size_t spaces_behind(std::string_view text, std::size_t at) {
  for (std::size_t next = at; next < text.size(); at = next) {
    if (!is_space(utf8::next(text, next))) break;
  }
  return at;
}

}  // namespace

std::int32_t AddedTokenFinder::child_of(std::int32_t node, unsigned char byte) {
  const auto make = [&] {
    ends_.push_back(-1);
    return static_cast<std::int32_t>(ends_.size() - 1);
  };
  if (node < 0) {
    if (roots_[byte] < 0) roots_[byte] = make();
    return roots_[byte];
  }
  if (const auto* found = edges_.find(static_cast<std::uint32_t>(node), byte)) return *found;
  const std::int32_t child = make();
  edges_.set(static_cast<std::uint32_t>(node), byte, child);
  return child;
}

bool AddedTokenFinder::add(std::string_view pattern, const AddedToken& token) {
  std::int32_t node = -1;
  for (const char byte : pattern) node = child_of(node, static_cast<unsigned char>(byte));
  if (node < 0 || ends_[static_cast<std::size_t>(node)] >= 0) return false;
  ends_[static_cast<std::size_t>(node)] = static_cast<std::int32_t>(rules_.size());
  rules_.push_back({token.id, token.single_word, token.lstrip, token.rstrip});
  return true;
}

AddedTokenFinder::Match AddedTokenFinder::longest_at(std::string_view text, std::size_t begin) const {
  Match longest;
  std::int32_t node = roots_[static_cast<unsigned char>(text[begin])];
  for (std::size_t at = begin + 1; node >= 0; ++at) {
    const std::int32_t end = ends_[static_cast<std::size_t>(node)];
    if (end >= 0) longest = {at - begin, &rules_[static_cast<std::size_t>(end)]};
    if (at == text.size()) break;
    const auto* child = edges_.find(static_cast<std::uint32_t>(node), static_cast<unsigned char>(text[at]));
    node = child == nullptr ? -1 : *child;
  }
  return longest;
}

std::vector<AddedTokenFinder::Part> AddedTokenFinder::split(std::string_view text) const {
  std::vector<Part> parts;
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Match match = longest_at(text, at);
    if (match.rule == nullptr) {
      ++at;
      continue;
    }
    std::size_t begin = at;
    std::size_t end = at + match.size;
    at = end;
    if (match.rule->single_word && is_inside_word(text, begin, end)) continue;
    if (match.rule->lstrip) begin = std::max(spaces_before(text, begin, std::min(done, begin)), done);
    if (match.rule->rstrip) end = spaces_behind(text, end);
    if (done < begin) parts.push_back({done, begin, -1});
    parts.push_back({begin, end, match.rule->id});
    done = end;
  }
  if (done != text.size()) parts.push_back({done, text.size(), -1});
  return parts;
}

}  // namespace eft
