#include <cmath>

#include "backend/cuda/reduce.cuh"
#include "ops/adamw/adamw.h"

namespace eft::cuda {
namespace {

/// The step's constants in the dtype of the update.
template <class A>
struct Constants {
  A beta1, rest1, beta2, rest2, keep, rate, root, epsilon, gradient_scale, clip;

  explicit Constants(const AdamwStep& s)
      : beta1(static_cast<A>(s.beta1)),
        rest1(static_cast<A>(1.0 - s.beta1)),
        beta2(static_cast<A>(s.beta2)),
        rest2(static_cast<A>(1.0 - s.beta2)),
        keep(static_cast<A>(1.0 - s.learning_rate * s.weight_decay)),
        rate(static_cast<A>(s.learning_rate / (1.0 - std::pow(s.beta1, static_cast<double>(s.step))))),
        root(static_cast<A>(1.0 / std::sqrt(1.0 - std::pow(s.beta2, static_cast<double>(s.step))))),
        epsilon(static_cast<A>(s.epsilon)),
        gradient_scale(static_cast<A>(s.gradient_scale)),
        clip(static_cast<A>(s.clip)) {}
};

/// p ← p·(1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε).
template <class A>
void update_typed(Stream stream, const AdamwStep& step, ConstView gradient, View exact, View first, View second,
                  View rounded) {
  const Constants<A> c(step);
  const A* g = in<A>(gradient);
  A *p = out<A>(exact), *m = out<A>(first), *v = out<A>(second);
  __nv_bfloat16* copy = out<__nv_bfloat16>(rounded);
  for_each_lanes<A>(stream, "adamw", exact.shape, [=] __device__(std::int64_t i, int n) {
    const Lanes<A> grad = load_n(g + i, n);
    Lanes<A> value = load_n(p + i, n), mean = load_n(m + i, n), square = load_n(v + i, n);
    for (int l = 0; l < Lanes<A>::kCount; ++l) {
      const A scaled = grad.v[l] * c.gradient_scale;
      mean.v[l] = mean.v[l] * c.beta1 + scaled * c.rest1;
      square.v[l] = square.v[l] * c.beta2 + scaled * scaled * c.rest2;
      const A moved = value.v[l] * c.keep - mean.v[l] * c.rate / (sqrt(square.v[l]) * c.root + c.epsilon);
      value.v[l] = c.clip > 0 ? (moved > c.clip ? c.clip : moved < -c.clip ? -c.clip : moved) : moved;
    }
    store_n(mean, m + i, n);
    store_n(square, v + i, n);
    store_n(value, p + i, n);
    if (copy == nullptr) return;
    for (int l = 0; l < n; ++l) copy[i + l] = narrow<__nv_bfloat16>(value.v[l]);
  });
}

void update(Stream stream, const AdamwStep& s, ConstView gradient, View exact, View first, View second, View rounded) {
  exact.dtype == DType::f64 ? update_typed<double>(stream, s, gradient, exact, first, second, rounded)
                            : update_typed<float>(stream, s, gradient, exact, first, second, rounded);
}

template <class T>
void square_and_sum(Stream stream, ConstView gradient, double* to) {
  const T* from = in<T>(gradient);
  sum_of(
      stream, "squared_norm", gradient.shape, gradient.shape.elements(),
      [=] __device__(std::int64_t i) {
        const auto x = static_cast<double>(widen(from[i]));
        return x * x;
      },
      [=] __device__(double sum) { *to = sum; });
}

double squared_norm(Stream stream, ConstView gradient) {
  const cudaStream_t queue = stream_of(stream);
  const Scratch sum(queue, sizeof(double));
  on_type(gradient.dtype, [&](auto tag) { square_and_sum<decltype(tag)>(stream, gradient, sum.as<double>()); });
  double result = 0;
  copy_to_host(queue, &result, sum.as<void>(), sizeof result);
  return result;
}

const bool registered = adamw_kernels.add(Device::cuda, {.update = update, .squared_norm = squared_norm});

}  // namespace
}  // namespace eft::cuda
