#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace eft {

/// A hash of a few bytes, made for pieces and words: no calls, no loops up to 16 bytes.
inline std::uint64_t short_hash(std::string_view text) {
  const auto load = [&](std::size_t at, std::size_t size) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, size);
    return word;
  };
  const auto mixed = [](std::uint64_t a, std::uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15) * (b ^ 0xd6e8feb86659fd93);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  const std::size_t size = text.size();
  std::uint64_t state = size;
  std::size_t at = 0;
  for (; size - at > 16; at += 16) state = mixed(load(at, 8) ^ state, load(at + 8, 8));
  const std::size_t left = size - at;
  std::uint64_t first = 0, last = 0;
  if (left >= 8) {
    first = load(at, 8);
    last = load(size - 8, 8);
  } else if (left >= 4) {
    first = load(at, 4);
    last = load(size - 4, 4);
  } else if (left > 0) {
    first = load(at, 1) | load(at + left / 2, 1) << 8 | load(size - 1, 1) << 16;
  }
  return mixed(mixed(first, last ^ state), size);
}

}  // namespace eft
