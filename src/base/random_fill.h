#pragma once

#include <cstdint>
#include <span>

namespace eft {

/// The first numbers that Random(seed, stream).uniform() gives, many at a time.
void fill_uniform(std::span<double> values, std::uint64_t seed, std::uint64_t stream);
/// The same of normal(); they may differ in the last bits.
void fill_normal(std::span<double> values, std::uint64_t seed, std::uint64_t stream);

}  // namespace eft
