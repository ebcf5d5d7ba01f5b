#include "ops/rotary/rotary.h"

#include <cmath>

#include "base/parallel.h"

namespace eft {
namespace {

constexpr std::int64_t kRowsPerTask = 64;

void tabulate(Stream, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
              View table) {
  const auto half = static_cast<std::int64_t>(inverse_frequencies.size());
  dispatch(table.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(static_cast<std::int64_t>(positions.size()), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        T* const cosines = table.as<T>() + row * 2 * half;
        for (std::int64_t i = 0; i < half; ++i) {
          const double angle =
              positions[static_cast<std::size_t>(row)] * inverse_frequencies[static_cast<std::size_t>(i)];
          cosines[i] = static_cast<T>(static_cast<Accumulator<T>>(std::cos(angle)));
          cosines[half + i] = static_cast<T>(static_cast<Accumulator<T>>(std::sin(angle)));
        }
      }
    });
  });
}

const bool registered = rotary_kernels.add(Device::cpu, {.tabulate = tabulate});

}  // namespace
}  // namespace eft
