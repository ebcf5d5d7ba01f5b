#include "train/objectives/wanted_tokens.h"

#include <algorithm>
#include <limits>
#include <span>

namespace eft {
namespace {

constexpr std::int32_t kShortGap = 16;
constexpr double kWorthIt = 0.9;  // share of tokens from which on leaving the rest out saves nothing

/// The first token of `media` at or behind `token`, from the span `next` on, which moves to what holds it; beyond all
/// tokens when there is none.
std::int64_t media_from(std::span<const MediaSpan> media, std::size_t& next, std::int64_t token) {
  while (next < media.size() && media[next].begin + media[next].count <= token) ++next;
  return next < media.size() ? std::max(media[next].begin, token) : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

WantedTokens wanted_tokens(const PackedRow& row) {
  WantedTokens wanted;
  std::size_t span = 0;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(row.targets.size()); ++i) {
    if (row.targets[static_cast<std::size_t>(i)] == kIgnoreLabel) continue;
    std::int32_t first = i;
    if (!wanted.rows.empty() && i - wanted.rows.back() <= kShortGap) first = wanted.rows.back() + 1;
    if (media_from(row.media, span, first) <= i) first = i;
    if (media_from(row.media, span, i) == i) return {.rows = {}, .targets = row.targets, .weights = row.weights};
    for (; first <= i; ++first) wanted.rows.push_back(first);
  }
  if (wanted.rows.empty() ||
      static_cast<double>(wanted.rows.size()) > kWorthIt * static_cast<double>(row.tokens.size())) {
    return {.rows = {}, .targets = row.targets, .weights = row.weights};
  }
  for (const std::int32_t i : wanted.rows) {
    wanted.targets.push_back(row.targets[static_cast<std::size_t>(i)]);
    if (!row.weights.empty()) wanted.weights.push_back(row.weights[static_cast<std::size_t>(i)]);
  }
  return wanted;
}

}  // namespace eft
