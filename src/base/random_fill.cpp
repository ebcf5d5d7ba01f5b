#include "base/random_fill.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace eft {
namespace {

// Loops without branches or calls over arrays that stay in the first cache: the compiler makes vectors of them, once
// for each instruction set below, into which everything is inlined.
constexpr std::size_t kTogether = 512;
using Words = std::array<std::array<std::uint32_t, kTogether>, 4>;
using Numbers = std::array<double, kTogether>;

/// The blocks philox(key, counter + i, stream).
[[gnu::always_inline]] inline void draw(std::uint64_t key, std::uint64_t counter, std::uint64_t stream, Words& words) {
  for (std::size_t i = 0; i < kTogether; ++i) {
    const std::uint64_t at = counter + i;
    words[0][i] = static_cast<std::uint32_t>(at);
    words[1][i] = static_cast<std::uint32_t>(at >> 32);
    words[2][i] = static_cast<std::uint32_t>(stream);
    words[3][i] = static_cast<std::uint32_t>(stream >> 32);
  }
  auto k0 = static_cast<std::uint32_t>(key);
  auto k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < kTogether; ++i) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * words[0][i];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * words[2][i];
      words[0][i] = static_cast<std::uint32_t>(p1 >> 32) ^ words[1][i] ^ k0;
      words[1][i] = static_cast<std::uint32_t>(p1);
      words[2][i] = static_cast<std::uint32_t>(p0 >> 32) ^ words[3][i] ^ k1;
      words[3][i] = static_cast<std::uint32_t>(p0);
    }
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
}

/// 53 bits of two words, in [0, 1).
[[gnu::always_inline]] inline double uniform(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>(high) * 0x1p-32 + static_cast<double>(low >> 11) * 0x1p-53;
}

/// log x for normal x > 0: x = m * 2^e with m around 1, and log m = 2 atanh((m - 1) / (m + 1)) as its series.
[[gnu::always_inline]] inline double log_of(double x) {
  constexpr std::uint64_t kRootHalf = 0x3fe6a09e667f3bcdU;
  constexpr std::uint64_t kOne = 0x3ff0000000000000U;
  const std::uint64_t shifted = std::bit_cast<std::uint64_t>(x) + (kOne - kRootHalf);
  const auto exponent = static_cast<double>(static_cast<std::int32_t>(shifted >> 52) - 1023);
  const double m = std::bit_cast<double>((shifted & 0x000fffffffffffffU) + kRootHalf);
  const double s = (m - 1) / (m + 1);
  const double z = s * s;
  double sum = 1.0 / 23;
  for (int n = 21; n >= 1; n -= 2) sum = sum * z + 1.0 / n;
  return exponent * std::numbers::ln2 + 2 * s * sum;
}

/// cos 2πu for u in [0, 1): the series around the nearest half turn.
[[gnu::always_inline]] inline double cos_of_turns(double u) {
  const auto half_turns = static_cast<std::int32_t>(2 * u + 0.5);
  const double x = 2 * std::numbers::pi * (u - 0.5 * half_turns);
  const double z = x * x;
  double sum = 1;
  for (int n = 24; n >= 2; n -= 2) sum = 1 - sum * z * (1.0 / (n * (n - 1)));
  return (half_turns & 1) != 0 ? -sum : sum;
}

[[gnu::always_inline]] inline void fill_uniform_with(std::span<double> values, std::uint64_t seed,
                                                     std::uint64_t stream) {
  Words words;
  std::array<double, 2 * kTogether> numbers;
  for (std::size_t begin = 0; begin < values.size(); begin += numbers.size()) {
    draw(seed, begin / 2, stream, words);
    for (std::size_t i = 0; i < kTogether; ++i) {
      numbers[2 * i] = uniform(words[0][i], words[1][i]);
      numbers[2 * i + 1] = uniform(words[2][i], words[3][i]);
    }
    std::copy_n(numbers.begin(), std::min(numbers.size(), values.size() - begin),
                values.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

[[gnu::always_inline]] inline void fill_normal_with(std::span<double> values, std::uint64_t seed,
                                                    std::uint64_t stream) {
  Words words;
  Numbers numbers;
  for (std::size_t begin = 0; begin < values.size(); begin += kTogether) {
    draw(seed, begin, stream, words);
    for (std::size_t i = 0; i < kTogether; ++i) numbers[i] = log_of(1 - uniform(words[0][i], words[1][i]));
    for (std::size_t i = 0; i < kTogether; ++i) {
      numbers[i] = std::sqrt(-2 * numbers[i]) * cos_of_turns(uniform(words[2][i], words[3][i]));
    }
    std::copy_n(numbers.begin(), std::min(kTogether, values.size() - begin),
                values.begin() + static_cast<std::ptrdiff_t>(begin));
  }
}

/// A uniform number takes two words, a normal one all four of a block.
enum class Draw { uniform, normal };

template <Draw kind>
[[gnu::always_inline]] inline void fill(std::span<double> values, std::uint64_t seed, std::uint64_t stream) {
  if constexpr (kind == Draw::uniform) {
    fill_uniform_with(values, seed, stream);
  } else {
    fill_normal_with(values, seed, stream);
  }
}

template <Draw kind>
void fill_plain(std::span<double> values, std::uint64_t seed, std::uint64_t stream) {
  fill<kind>(values, seed, stream);
}

#ifdef __x86_64__
template <Draw kind>
[[gnu::target("avx2,fma")]] void fill_avx2(std::span<double> values, std::uint64_t seed, std::uint64_t stream) {
  fill<kind>(values, seed, stream);
}
template <Draw kind>
[[gnu::target("avx512f,avx512dq,avx512vl,prefer-vector-width=512")]] void fill_avx512(std::span<double> values,
                                                                                      std::uint64_t seed,
                                                                                      std::uint64_t stream) {
  fill<kind>(values, seed, stream);
}
#endif

template <Draw kind>
auto choose() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return fill_avx512<kind>;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return fill_avx2<kind>;
#endif
  return fill_plain<kind>;
}

}  // namespace

void fill_uniform(std::span<double> values, std::uint64_t seed, std::uint64_t stream) {
  static const auto chosen = choose<Draw::uniform>();
  chosen(values, seed, stream);
}

void fill_normal(std::span<double> values, std::uint64_t seed, std::uint64_t stream) {
  static const auto chosen = choose<Draw::normal>();
  chosen(values, seed, stream);
}

}  // namespace eft
