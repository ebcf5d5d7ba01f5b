#include "backend/cuda/lanes.cuh"
#include "backend/cuda/philox.cuh"
#include "ops/dropout/dropout.h"

namespace eft::cuda {
namespace {

template <class T>
void apply_typed(Stream stream, const DropoutShape& s, ConstView x, GradView y) {
  const T* from = in<T>(x);
  T* to = out<T>(y);
  const bool accumulate = y.accumulate;
  const auto kept = static_cast<Sum<T>>(1.0 / (1.0 - s.probability));
  const auto probability = static_cast<float>(s.probability);
  const std::uint64_t key = s.key, first = s.first;
  for_each(stream, "dropout", x.shape, x.shape.elements(), 4, [=] __device__(std::int64_t i, int n) {
    const PhiloxBlock words = philox(key, first + static_cast<std::uint64_t>(i / 4));
    for (int l = 0; l < n; ++l) {
      const bool keep = uniform_float(words.word[l]) >= probability;
      put(to + i + l, keep ? widen(from[i + l]) * kept : Sum<T>(0), accumulate);
    }
  });
}

void apply(Stream stream, const DropoutShape& s, ConstView x, GradView y) {
  on_type(x.dtype, [&](auto tag) { apply_typed<decltype(tag)>(stream, s, x, y); });
}

const bool registered = dropout_kernels.add(Device::cuda, {.apply = apply});

}  // namespace
}  // namespace eft::cuda
