#include "train/job/row_sources.h"

#include <algorithm>

namespace eft {
namespace {

constexpr std::size_t kMostSources = 8;

std::string source_of(std::span<const std::int32_t> tokens, const Examples& examples) {
  for (std::size_t i = 0; i < examples.size(); ++i) {
    for (std::size_t m = 0; m < examples.members(i); ++m) {
      if (std::ranges::equal(examples.member(i, m).tokens, tokens)) return examples[i].source();
    }
  }
  return "an unknown row";
}

}  // namespace

std::vector<std::string> row_sources(std::span<const PackedRow> batches, const Examples& examples) {
  std::vector<std::string> sources;
  for (const PackedRow& batch : batches) {
    for (std::size_t s = 0; s + 1 < batch.starts.size(); ++s) {
      if (sources.size() == kMostSources) {
        sources.emplace_back("…");
        return sources;
      }
      const auto begin = static_cast<std::size_t>(batch.starts[s]);
      const auto end = static_cast<std::size_t>(batch.starts[s + 1]);
      std::string source = source_of(std::span(batch.tokens).subspan(begin, end - begin), examples);
      if (sources.empty() || sources.back() != source) sources.push_back(std::move(source));  // a pair has one
    }
  }
  return sources;
}

}  // namespace eft
