#include "text/word_cache.h"

#include <cstring>

#include "text/short_hash.h"

namespace eft {

bool WordCache::find(std::string_view word, std::vector<BpeToken>& out) {
  if (word.size() > kLongest) return false;
  if (entries_.empty()) entries_.resize(kPlaces);
  place_ = short_hash(word) & (kPlaces - 1);
  const Entry& entry = entries_[place_];
  if (entry.size != word.size() || std::memcmp(entry.text.data(), word.data(), word.size()) != 0) return false;
  for (std::size_t i = 0; i < entry.tokens; ++i) out.push_back({entry.ids[i], entry.sizes[i]});
  return true;
}

void WordCache::keep(std::string_view word, const std::vector<BpeToken>& out, std::size_t first) {
  if (word.empty() || word.size() > kLongest || out.size() - first > kMostTokens) return;
  Entry& entry = entries_[place_];
  std::memcpy(entry.text.data(), word.data(), word.size());
  entry.size = static_cast<std::uint8_t>(word.size());
  entry.tokens = static_cast<std::uint8_t>(out.size() - first);
  for (std::size_t i = 0; i < entry.tokens; ++i) {
    entry.ids[i] = out[first + i].id;
    entry.sizes[i] = static_cast<std::uint8_t>(out[first + i].size);
  }
}

}  // namespace eft
