#include "text/replacement.h"

#include <algorithm>

#include "text/utf8.h"

namespace eft {

std::string replaced(std::string_view text, const std::vector<Replacement>& replacements) {
  std::string now(text);
  for (const Replacement& step : replacements) {
    std::size_t at = 0;
    while ((at = now.find(step.pattern, at)) != std::string::npos) {
      now.replace(at, step.pattern.size(), step.content);
      at += step.content.size();
    }
  }
  return now;
}

Normalizer::Normalizer(const std::vector<Replacement>& steps) {
  for (const Replacement& step : steps) {
    const auto is_same = [&](const Replacement& change) { return change.pattern == step.pattern; };
    if (std::any_of(changes_.begin(), changes_.end(), is_same)) continue;
    changes_.push_back({step.pattern, replaced(step.pattern, steps)});
    leads_[static_cast<unsigned char>(step.pattern[0])] = true;
  }
}

std::string_view Normalizer::of_character(std::string_view character) const {
  if (!leads_[static_cast<unsigned char>(character[0])]) return character;
  for (const Replacement& change : changes_) {
    if (change.pattern == character) return change.content;
  }
  return character;
}

std::string Normalizer::operator()(std::string_view text) const {
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); at += utf8::width(text[at])) {
    if (!leads_[static_cast<unsigned char>(text[at])]) continue;
    const std::string_view character = text.substr(at, utf8::width(text[at]));
    out += text.substr(copied, at - copied);
    out += of_character(character);
    copied = at + character.size();
  }
  out += text.substr(copied);
  return out;
}

std::string_view OriginCursor::character() const { return original_.substr(at_, utf8::width(original_[at_])); }

void OriginCursor::advance_to(std::size_t normalized) {
  while (at_ < original_.size()) {
    const std::string_view now = character();
    const std::size_t size = normalizer_.of_character(now).size();
    if (normalized_ + size > normalized) return;
    normalized_ += size;
    at_ += now.size();
  }
}

std::pair<std::size_t, std::size_t> OriginCursor::origin(std::size_t begin, std::size_t end) {
  advance_to(begin);
  const std::size_t first = offset_ + at_;
  advance_to(end - 1);
  return {first, offset_ + at_ + (at_ < original_.size() ? character().size() : 0)};
}

}  // namespace eft
