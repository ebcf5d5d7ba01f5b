#include "data/rows/duplicates.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/hash.h"
#include "data/media/media_ref.h"

namespace eft {
namespace {

struct Seen {
  std::array<std::uint64_t, 2> hash;
  std::uint32_t place = 0;  // in the order

  bool operator<(const Seen& other) const { return hash != other.hash ? hash < other.hash : place < other.place; }
};

template <class T>
void add(Hasher& hasher, std::span<const T> numbers) {
  hasher.add_part({reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()});
}

/// Of the texts of preferences, as with Axolotl, which answers that were cut alike do not make equal.
std::array<std::uint64_t, 2> hash_of(const ExampleStore& store, std::uint32_t first) {
  Hasher hasher;
  for (std::uint32_t i = first; i < first + store.entry(first).members(); ++i) {
    const ExampleView example = store[i];
    add(hasher, example.tokens);
    add(hasher, example.labels);
    add(hasher, example.weights);
    // Where images are, not what row they stand in.
    for (const MediaRef& ref : media_of(example.media)) {
      hasher.add_part(ref.path);
      hasher.add_part(ref.bytes);
      hasher.add_part(std::to_string(ref.crop));
    }
    if (example.role == PreferenceRole::none) continue;
    hasher.add_part(std::to_string(static_cast<int>(example.role)));
    hasher.add_part(example.prompt);
    hasher.add_part(example.answer);
  }
  return hasher.digest();
}

}  // namespace

std::int64_t drop_duplicates(std::vector<std::uint32_t>& order, const ExampleStore& store) {
  std::vector<Seen> seen;
  seen.reserve(order.size());
  for (const std::uint32_t index : order) {
    seen.push_back({hash_of(store, index), static_cast<std::uint32_t>(seen.size())});
  }
  std::ranges::sort(seen, std::less<>());
  std::vector<bool> again(order.size());
  for (std::size_t i = 1; i < seen.size(); ++i) again[seen[i].place] = seen[i].hash == seen[i - 1].hash;
  std::size_t place = 0;
  const auto dropped = std::erase_if(order, [&](std::uint32_t) { return again[place++]; });
  return static_cast<std::int64_t>(dropped);
}

}  // namespace eft
