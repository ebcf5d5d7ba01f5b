#pragma once

#include <array>
#include <cstdint>

namespace eft {

/// Counter-based random numbers (Philox 4x32-10, Salmon et al. 2011): the block for (key, counter) never depends on what
/// was drawn before, so dropout can be replayed and work can be split freely.
std::array<std::uint32_t, 4> philox(std::uint64_t key, std::uint64_t counter, std::uint64_t stream = 0);

/// 32 random bits to a float in [0, 1).
inline float uniform_float(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24F; }

/// A sequential view of one Philox stream; its whole state is (seed, stream, position).
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0, std::uint64_t position = 0)
      : seed_(seed), stream_(stream), position_(position) {}

  std::uint32_t bits();
  /// Uniform in [0, 1).
  double uniform();
  /// Standard normal (Box-Muller).
  double normal();
  /// Uniform integer in [0, bound), without bias.
  std::uint64_t below(std::uint64_t bound);
  /// Numbers drawn so far, in 32-bit words.
  std::uint64_t position() const { return position_; }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_;
};

}  // namespace eft
