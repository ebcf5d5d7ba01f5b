#include <cmath>

#include "backend/cuda/flat_list.cuh"
#include "ops/schedule_free/schedule_free.h"

namespace eft::cuda {
namespace {

/// The step's constants in the dtype of the update.
template <class A>
struct Constants {
  A beta1, beta2, epsilon, root, share, gradient_scale;

  explicit Constants(const ScheduleFreeStep& s)
      : beta1(static_cast<A>(s.beta1)),
        beta2(static_cast<A>(s.beta2)),
        epsilon(static_cast<A>(s.epsilon)),
        root(static_cast<A>(1 / std::sqrt(1 - std::pow(s.beta2, static_cast<double>(s.step))))),
        share(static_cast<A>(s.share)),
        gradient_scale(static_cast<A>(s.gradient_scale)) {}
};

/// A parameter in the table of a launch.
template <class A>
struct Updated {
  const A* gradient;
  A *average, *base, *second, *value;
  __nv_bfloat16* rounded;  ///< in the place of `value`, or null
  A clip, rate, decay;
  std::int64_t count, first = 0;

  explicit Updated(const ScheduleFreeTensors& t)
      : gradient(in<A>(t.gradient)),
        average(out<A>(t.average)),
        base(out<A>(t.base)),
        second(out<A>(t.second)),
        value(t.value.dtype == DType::bf16 ? nullptr : out<A>(t.value)),
        rounded(t.value.dtype == DType::bf16 ? out<__nv_bfloat16>(t.value) : nullptr),
        clip(static_cast<A>(t.clip)),
        rate(static_cast<A>(t.learning_rate)),
        decay(static_cast<A>(t.weight_decay)),
        count(t.base.shape.elements()) {}
};

template <class A>
__device__ __forceinline__ void put_value(const Updated<A>& t, A y, std::int64_t i) {
  if (t.rounded != nullptr) {
    t.rounded[i] = narrow<__nv_bfloat16>(y);
  } else {
    t.value[i] = y;
  }
}

template <class A>
__device__ __forceinline__ void update_one(const Constants<A>& c, const Updated<A>& t, std::int64_t i) {
  const A gradient = t.gradient[i] * c.gradient_scale;
  A x = t.average[i], z = t.base[i];
  const A y = x * c.beta1 + z * (A(1) - c.beta1);
  const A square = t.second[i] * c.beta2 + gradient * gradient * (A(1) - c.beta2);
  z -= t.rate * (gradient / (sqrt(square) * c.root + c.epsilon) + y * t.decay);
  if (t.clip > 0) z = z > t.clip ? t.clip : z < -t.clip ? -t.clip : z;
  x += c.share * (z - x);
  t.second[i] = square;
  t.base[i] = z;
  t.average[i] = x;
  put_value(t, x * c.beta1 + z * (A(1) - c.beta1), i);
}

template <class A>
FlatList<Updated<A>> list_of(DType dtype, std::span<const ScheduleFreeTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const ScheduleFreeTensors& tensors : parameters) {
    if (tensors.base.dtype == dtype) list.add(Updated<A>(tensors));
  }
  return list;
}

template <class A>
void update_typed(Stream stream, const ScheduleFreeStep& step, DType dtype,
                  std::span<const ScheduleFreeTensors> parameters) {
  const Constants<A> c(step);
  for_each_chunk(stream, "schedule_free", list_of<A>(dtype, parameters),
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for (std::int64_t i = begin + threadIdx.x; i < end; i += blockDim.x) update_one(c, t, i);
                 });
}

template <class A>
void show_typed(Stream stream, double beta1, DType dtype, std::span<const ScheduleFreeTensors> parameters) {
  const A share = static_cast<A>(beta1);
  for_each_chunk(stream, "schedule_free show", list_of<A>(dtype, parameters),
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for (std::int64_t i = begin + threadIdx.x; i < end; i += blockDim.x) {
                     put_value(t, t.average[i] * share + t.base[i] * (A(1) - share), i);
                   }
                 });
}

void update(Stream stream, const ScheduleFreeStep& step, std::span<const ScheduleFreeTensors> parameters) {
  update_typed<double>(stream, step, DType::f64, parameters);
  update_typed<float>(stream, step, DType::f32, parameters);
}

void show(Stream stream, double beta1, std::span<const ScheduleFreeTensors> parameters) {
  show_typed<double>(stream, beta1, DType::f64, parameters);
  show_typed<float>(stream, beta1, DType::f32, parameters);
}

const bool registered = schedule_free_kernels.add(Device::cuda, {.update = update, .show = show});

}  // namespace
}  // namespace eft::cuda
