#include <algorithm>

#include "base/parallel.h"
#include "base/random.h"
#include "ops/dropout/dropout.h"

namespace eft {
namespace {

constexpr std::int64_t kBlocksPerTask = 1 << 12;

void apply(Stream, const DropoutShape& s, ConstView x, GradView y) {
  const std::int64_t count = x.shape.elements();
  dispatch(x.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    const A kept = static_cast<A>(1.0 / (1.0 - s.probability));
    parallel_for((count + 3) / 4, kBlocksPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t block = begin; block < end; ++block) {
        const auto words = philox(s.key, s.first + static_cast<std::uint64_t>(block));
        for (std::int64_t i = block * 4; i < std::min(count, block * 4 + 4); ++i) {
          const bool keep = uniform_float(words[static_cast<std::size_t>(i % 4)]) >= static_cast<float>(s.probability);
          const A value = keep ? static_cast<A>(x.as<T>()[i]) * kept : A(0);
          T& target = y.view.as<T>()[i];
          target = static_cast<T>(y.accumulate ? static_cast<A>(target) + value : value);
        }
      }
    });
  });
}

const bool registered = dropout_kernels.add(Device::cpu, {.apply = apply});

}  // namespace
}  // namespace eft
