#include <utility>
#include <vector>

#include "backend/cpu/sparse_gemm.h"
#include "backend/cpu/unpacked.h"
#include "base/parallel.h"
#include "ops/sparse_linear/sparse_linear.h"

namespace eft {
namespace {

constexpr std::int64_t kLeastRows = 16;  // over which packing the weight pays
constexpr double kMostDense = 0.25;      // a pattern with more elements is multiplied as a whole
constexpr std::int64_t kElementsPerTask = 1 << 16;

cpu::GemmShape shape_of(ConstView a, bool transposed, const GradView& c) {
  return {
      .m = a.shape[0], .n = c.view.shape[1], .k = a.shape[1], .transpose_b = transposed, .accumulate = c.accumulate};
}

/// Calls f(pattern) when it has few elements. Returns whether it has.
template <class F>
bool with_few(ConstView pattern, F f) {
  if (pattern.dtype == DType::f64 || pattern.shape[0] < kLeastRows) return false;
  const cpu::Pattern few = cpu::pattern_of(pattern);
  const double share = static_cast<double>(few.columns.size()) / static_cast<double>(pattern.shape.elements());
  if (share > kMostDense) return false;
  f(few);
  return true;
}

/// Bits of elements: zero is all bits but the sign.
template <class Bits>
void clear_elements(const void* pattern, std::int64_t begin, std::int64_t end, void* x) {
  const auto* const from = static_cast<const Bits*>(pattern);
  auto* const to = static_cast<Bits*>(x);
  for (std::int64_t i = begin; i < end; ++i) to[i] = static_cast<Bits>(from[i] << 1) == 0 ? Bits{0} : to[i];
}

void clear(Stream, ConstView pattern, View x) {
  parallel_for(x.shape.elements(), kElementsPerTask, [&](std::int64_t begin, std::int64_t end) {
    switch (size_of(x.dtype)) {
      case 2:
        return clear_elements<std::uint16_t>(pattern.data, begin, end, x.data);
      case 4:
        return clear_elements<std::uint32_t>(pattern.data, begin, end, x.data);
      default:
        return clear_elements<std::uint64_t>(pattern.data, begin, end, x.data);
    }
  });
}

void from_pattern(Stream, ConstView pattern, ConstView a, const WeightView& b, bool transposed, GradView c) {
  const cpu::GemmShape shape = shape_of(a, transposed, c);
  const auto few = [&](const cpu::Pattern& of_a) {
    cpu::gemm_from_pattern(of_a, shape, a, cpu::Unpacked(b, b.dtype).view(), c.view);
  };
  if (!with_few(pattern, few)) cpu::gemm(shape, a, b, c.view);
}

/// The whole product, of which the pattern's elements are put into c.
void to_pattern_of_all(ConstView pattern, cpu::GemmShape shape, ConstView a, const WeightView& b, View c) {
  std::vector<char> bytes(static_cast<std::size_t>(c.shape.elements()) * size_of(c.dtype));
  const View all{bytes.data(), c.dtype, c.shape};
  const bool accumulate = std::exchange(shape.accumulate, false);
  cpu::gemm(shape, a, b, all);
  dispatch(c.dtype, [&](auto tag) {
    using T = decltype(tag);
    for (std::int64_t i = 0; i < c.shape.elements(); ++i) {
      const auto before = accumulate ? static_cast<Accumulator<T>>(c.as<T>()[i]) : Accumulator<T>{};
      const bool wanted = static_cast<Accumulator<T>>(pattern.as<T>()[i]) != 0;
      const auto more = wanted ? static_cast<Accumulator<T>>(all.as<T>()[i]) : Accumulator<T>{};
      c.as<T>()[i] = static_cast<T>(before + more);
    }
  });
}

void to_pattern(Stream, ConstView pattern, ConstView a, const WeightView& b, bool transposed, GradView c) {
  const cpu::GemmShape shape = shape_of(a, transposed, c);
  const auto few = [&](const cpu::Pattern& of_c) {
    cpu::gemm_to_pattern(of_c, shape, a, cpu::Unpacked(b, b.dtype).view(), c.view);
  };
  if (!with_few(pattern, few)) to_pattern_of_all(pattern, shape, a, b, c.view);
}

const bool registered = sparse_linear_kernels.add(
    Device::cpu, {.least_sparsity = 0.8, .from_pattern = from_pattern, .to_pattern = to_pattern, .clear = clear});

}  // namespace
}  // namespace eft
