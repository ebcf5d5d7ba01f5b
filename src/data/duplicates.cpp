#include "data/duplicates.h"

#include <set>
#include <utility>

namespace eft {
namespace {

/// One of a family of hashes of 64 bits (FNV-1a over words, mixed at the end as in SplitMix64).
std::uint64_t hash(const Example& example, std::uint64_t seed) {
  std::uint64_t state = 0xcbf29ce484222325 ^ seed;
  const auto add = [&](std::int32_t value) { state = (state ^ static_cast<std::uint32_t>(value)) * 0x100000001b3; };
  for (const std::int32_t token : example.tokens) add(token);
  for (const std::int32_t label : example.labels) add(label);
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

}  // namespace

std::int64_t drop_duplicates(std::vector<Example>& examples) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  const auto dropped = std::erase_if(examples, [&](const Example& example) {
    return !seen.insert({hash(example, 0), hash(example, 0x9e3779b97f4a7c15)}).second;
  });
  return static_cast<std::int64_t>(dropped);
}

}  // namespace eft
