#include "ops/parameter_update/parameter_update.cuh"
#include "ops/sgd/sgd.h"

namespace eft::cuda {
namespace {

/// The step's constants in the dtype of the update.
template <class A>
struct Constants {
  A momentum, gradient_scale;
  bool nesterov;
};

/// A parameter in the table of a launch.
template <class A>
struct Updated : UpdatedParameter<A> {
  A* momentum;
  A decay, rate, kept, taken;

  Updated(const SgdStep& s, const SgdTensors& t)
      : UpdatedParameter<A>(t.parameter),
        momentum(out<A>(t.momentum)),
        decay(static_cast<A>(t.parameter.weight_decay)),
        rate(static_cast<A>(t.parameter.learning_rate)),
        kept(static_cast<A>(t.first ? 0.0 : s.momentum)),
        taken(static_cast<A>(t.first ? 1.0 : 1.0 - s.dampening)) {}
};

/// d = s·g + wd·p;  b ← μ·b + (1 − τ)·d;  p ← p − lr·b, or p − lr·(d + μ·b) after Nesterov, or p − lr·d without momentum;
/// for n elements from i on.
template <class A>
__device__ __forceinline__ void update_lanes(const Constants<A>& c, const Updated<A>& t, std::int64_t i, int n) {
  const Lanes<A> grad = load_n(t.gradient + i, n);
  Lanes<A> value = load_n(t.exact + i, n), buffer{};
  if (t.momentum != nullptr) buffer = load_n(t.momentum + i, n);
  for (int l = 0; l < Lanes<A>::kCount; ++l) {
    A step = grad.v[l] * c.gradient_scale + value.v[l] * t.decay;
    if (t.momentum != nullptr) {
      buffer.v[l] = buffer.v[l] * t.kept + step * t.taken;
      step = c.nesterov ? step + buffer.v[l] * c.momentum : buffer.v[l];
    }
    value.v[l] -= step * t.rate;
  }
  if (t.momentum != nullptr) store_n(buffer, t.momentum + i, n);
  finish_n(t, value, i, n);
}

template <class A>
void update_typed(Stream stream, const SgdStep& step, DType dtype, std::span<const SgdTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const SgdTensors& tensors : parameters) {
    if (tensors.parameter.exact.dtype == dtype) list.add(Updated<A>(step, tensors));
  }
  const Constants<A> c{static_cast<A>(step.momentum), static_cast<A>(step.gradient_scale), step.nesterov};
  for_each_chunk(stream, "sgd", list,
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for_row<A>(end - begin, [&](std::int64_t i, int n) { update_lanes(c, t, begin + i, n); });
                 });
}

void update(Stream stream, const SgdStep& step, std::span<const SgdTensors> parameters) {
  update_typed<double>(stream, step, DType::f64, parameters);
  update_typed<float>(stream, step, DType::f32, parameters);
}

const bool registered = sgd_kernels.add(Device::cuda, {.update = update});

}  // namespace
}  // namespace eft::cuda
