#include <cmath>

#include "ops/adamw/adamw.h"
#include "ops/parameter_update/parameter_update.cuh"

namespace eft::cuda {
namespace {

/// The step's constants in the dtype of the update.
template <class A>
struct Constants {
  A beta1, rest1, beta2, rest2, root, epsilon, gradient_scale;

  explicit Constants(const AdamwStep& s)
      : beta1(static_cast<A>(s.beta1)),
        rest1(static_cast<A>(1.0 - s.beta1)),
        beta2(static_cast<A>(s.beta2)),
        rest2(static_cast<A>(1.0 - s.beta2)),
        root(static_cast<A>(1.0 / std::sqrt(1.0 - std::pow(s.beta2, static_cast<double>(s.step))))),
        epsilon(static_cast<A>(s.epsilon)),
        gradient_scale(static_cast<A>(s.gradient_scale)) {}
};

/// A parameter in the table of a launch.
template <class A>
struct Updated : UpdatedParameter<A> {
  A *first_moment, *second_moment;
  A keep, rate;

  Updated(const AdamwStep& s, const AdamwTensors& t)
      : UpdatedParameter<A>(t.parameter),
        first_moment(out<A>(t.first)),
        second_moment(out<A>(t.second)),
        keep(static_cast<A>(1.0 - t.parameter.learning_rate * t.parameter.weight_decay)),
        rate(static_cast<A>(t.parameter.learning_rate / (1.0 - std::pow(s.beta1, static_cast<double>(s.step))))) {}
};

/// p ← p·(1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε) for n elements from i on.
template <class A>
__device__ __forceinline__ void update_lanes(const Constants<A>& c, const Updated<A>& t, std::int64_t i, int n) {
  const Lanes<A> grad = load_n(t.gradient + i, n);
  Lanes<A> value = load_n(t.exact + i, n), mean = load_n(t.first_moment + i, n),
           square = load_n(t.second_moment + i, n);
  for (int l = 0; l < Lanes<A>::kCount; ++l) {
    const A scaled = grad.v[l] * c.gradient_scale;
    mean.v[l] = mean.v[l] * c.beta1 + scaled * c.rest1;
    square.v[l] = square.v[l] * c.beta2 + scaled * scaled * c.rest2;
    value.v[l] = value.v[l] * t.keep - mean.v[l] * t.rate / (sqrt(square.v[l]) * c.root + c.epsilon);
  }
  store_n(mean, t.first_moment + i, n);
  store_n(square, t.second_moment + i, n);
  finish_n(t, value, i, n);
}

template <class A>
void update_typed(Stream stream, const AdamwStep& step, DType dtype, std::span<const AdamwTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const AdamwTensors& tensors : parameters) {
    if (tensors.parameter.exact.dtype == dtype) list.add(Updated<A>(step, tensors));
  }
  const Constants<A> c(step);
  for_each_chunk(stream, "adamw", list,
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for_row<A>(end - begin, [&](std::int64_t i, int n) { update_lanes(c, t, begin + i, n); });
                 });
}

void update(Stream stream, const AdamwStep& step, std::span<const AdamwTensors> parameters) {
  update_typed<double>(stream, step, DType::f64, parameters);
  update_typed<float>(stream, step, DType::f32, parameters);
}

const bool registered = adamw_kernels.add(Device::cuda, {.update = update});

}  // namespace
}  // namespace eft::cuda
