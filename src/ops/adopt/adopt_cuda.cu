#include "ops/adopt/adopt.h"
#include "ops/parameter_update/parameter_update.cuh"

namespace eft::cuda {
namespace {

/// The step's constants in the dtype of the update.
template <class A>
struct Constants {
  A beta1, beta2, epsilon, clip, gradient_scale;

  explicit Constants(const AdoptStep& s)
      : beta1(static_cast<A>(s.beta1)),
        beta2(static_cast<A>(s.beta2)),
        epsilon(static_cast<A>(s.epsilon)),
        clip(static_cast<A>(s.clip)),
        gradient_scale(static_cast<A>(s.gradient_scale)) {}
};

/// A parameter in the table of a launch.
template <class A>
struct Updated : UpdatedParameter<A> {
  A *first_moment, *second_moment;
  A keep, rate;
  bool begins;

  explicit Updated(const AdoptTensors& t)
      : UpdatedParameter<A>(t.parameter),
        first_moment(out<A>(t.first)),
        second_moment(out<A>(t.second)),
        keep(static_cast<A>(1.0 - t.parameter.learning_rate * t.parameter.weight_decay)),
        rate(static_cast<A>(t.parameter.learning_rate)),
        begins(t.begins) {}
};

template <class A>
__device__ __forceinline__ void update_lanes(const Constants<A>& c, const Updated<A>& t, std::int64_t i, int n) {
  const Lanes<A> grad = load_n(t.gradient + i, n);
  Lanes<A> value = load_n(t.exact + i, n), mean = load_n(t.first_moment + i, n),
           square = load_n(t.second_moment + i, n);
  for (int l = 0; l < Lanes<A>::kCount; ++l) {
    const A scaled = grad.v[l] * c.gradient_scale;
    const A root = sqrt(square.v[l]);
    const A ratio = scaled / (root > c.epsilon ? root : c.epsilon);
    const A held = ratio > c.clip ? c.clip : ratio < -c.clip ? -c.clip : ratio;
    mean.v[l] = mean.v[l] * c.beta1 + held * (A(1) - c.beta1);
    value.v[l] = value.v[l] * t.keep - t.rate * mean.v[l];
    square.v[l] = t.begins ? scaled * scaled : square.v[l] * c.beta2 + scaled * scaled * (A(1) - c.beta2);
  }
  store_n(square, t.second_moment + i, n);
  if (t.begins) return;
  store_n(mean, t.first_moment + i, n);
  finish_n(t, value, i, n);
}

template <class A>
void update_typed(Stream stream, const AdoptStep& step, DType dtype, std::span<const AdoptTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const AdoptTensors& tensors : parameters) {
    if (tensors.parameter.exact.dtype == dtype) list.add(Updated<A>(tensors));
  }
  const Constants<A> c(step);
  for_each_chunk(stream, "adopt", list,
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for_row<A>(end - begin, [&](std::int64_t i, int n) { update_lanes(c, t, begin + i, n); });
                 });
}

void update(Stream stream, const AdoptStep& step, std::span<const AdoptTensors> parameters) {
  update_typed<double>(stream, step, DType::f64, parameters);
  update_typed<float>(stream, step, DType::f32, parameters);
}

const bool registered = adopt_kernels.add(Device::cuda, {.update = update});

}  // namespace
}  // namespace eft::cuda
