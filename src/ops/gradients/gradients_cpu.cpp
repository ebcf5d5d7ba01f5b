#include "ops/gradients/gradients.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/gradients/gradients_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <vector>

#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 15;

double squared_norm_of(ConstView gradient) {
  const std::int64_t count = gradient.shape.elements();
  std::vector<double> sums(static_cast<std::size_t>((count + kElementsPerTask - 1) / kElementsPerTask), 0.0);
  dispatch(gradient.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(count, kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
      const Tag<T> d;
      auto sum = hn::Zero(d);
      for_each_vector(d, end - begin, [&](std::int64_t i, std::size_t n) {
        const auto x = load_n(d, gradient.as<T>() + begin + i, n);
        sum = hn::MulAdd(x, x, sum);
      });
      sums[static_cast<std::size_t>(begin / kElementsPerTask)] =
          static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    });
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

double squared_norm(Stream, std::span<const ConstView> gradients) {
  double total = 0;
  for (const ConstView& gradient : gradients) total += squared_norm_of(gradient);
  return total;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
namespace {

HWY_EXPORT(squared_norm);

const bool registered = gradient_kernels.add(
    Device::cpu, {.squared_norm = [](auto... args) { return HWY_DYNAMIC_DISPATCH(squared_norm)(args...); }});

}  // namespace
}  // namespace eft
#endif
