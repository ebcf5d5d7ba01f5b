#include "ops/lion/lion.h"
#include "ops/parameter_update/parameter_update.cuh"
#include "ops/state_codes/state_codes.cuh"

namespace eft::cuda {
namespace {

/// The step's constants in the dtype of the update.
template <class A>
struct Constants {
  A beta1, rest1, beta2, rest2, gradient_scale;

  explicit Constants(const LionStep& s)
      : beta1(static_cast<A>(s.beta1)),
        rest1(static_cast<A>(1.0 - s.beta1)),
        beta2(static_cast<A>(s.beta2)),
        rest2(static_cast<A>(1.0 - s.beta2)),
        gradient_scale(static_cast<A>(s.gradient_scale)) {}
};

/// A parameter in the table of a launch.
template <class A>
struct Updated : UpdatedParameter<A> {
  A* moment;
  CodedPointers coded;
  A keep, rate;

  explicit Updated(const LionTensors& t)
      : UpdatedParameter<A>(t.parameter),
        moment(out<A>(t.moment)),
        coded(t.coded),
        keep(static_cast<A>(1.0 - t.parameter.learning_rate * t.parameter.weight_decay)),
        rate(static_cast<A>(t.parameter.learning_rate)) {}
};

/// Values and moments of n elements from i on.
template <class A>
__device__ __forceinline__ void move_lanes(const Constants<A>& c, const Updated<A>& t, Lanes<A>& mean, std::int64_t i,
                                           int n) {
  const Lanes<A> grad = load_n(t.gradient + i, n);
  Lanes<A> value = load_n(t.exact + i, n);
  for (int l = 0; l < Lanes<A>::kCount; ++l) {
    const A scaled = grad.v[l] * c.gradient_scale;
    const A direction = mean.v[l] * c.beta1 + scaled * c.rest1;
    const A sign = direction > 0 ? A(1) : direction < 0 ? A(-1) : A(0);
    mean.v[l] = mean.v[l] * c.beta2 + scaled * c.rest2;
    value.v[l] = value.v[l] * t.keep - t.rate * sign;
  }
  finish_n(t, value, i, n);
}

template <class A>
FlatList<Updated<A>> list_of(DType dtype, std::span<const LionTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const LionTensors& tensors : parameters) {
    if (tensors.parameter.exact.dtype == dtype) list.add(Updated<A>(tensors));
  }
  return list;
}

template <class A>
void update_typed(Stream stream, const LionStep& step, DType dtype, std::span<const LionTensors> parameters) {
  const Constants<A> c(step);
  for_each_chunk(stream, "lion", list_of<A>(dtype, parameters),
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for_row<A>(end - begin, [&](std::int64_t i, int n) {
                     Lanes<A> mean = load_n(t.moment + begin + i, n);
                     move_lanes(c, t, mean, begin + i, n);
                     store_n(mean, t.moment + begin + i, n);
                   });
                 });
}

template <class A>
void update_coded_typed(Stream stream, const LionStep& step, DType dtype, std::span<const LionTensors> parameters) {
  const Constants<A> c(step);
  const UploadedCodes codes(stream_of(stream), true, CodeRounding::bitsandbytes);
  const CodeTables tables = codes.tables();
  for_each_chunk(stream, "lion", list_of<A>(dtype, parameters),
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for_each_coded_block(begin, end, [&](std::int64_t block, std::int64_t own, int count) {
                     constexpr int kLanes = Lanes<A>::kCount;
                     A moment[kCodedLanes];
                     read_codes(tables, t.coded, block, count, moment);
                     for (int at = 0; at < count; at += kLanes) {
                       Lanes<A> mean;
                       for (int l = 0; l < kLanes; ++l) mean.v[l] = moment[at + l];
                       move_lanes(c, t, mean, own + at, count - at < kLanes ? count - at : kLanes);
                       for (int l = 0; l < kLanes; ++l) moment[at + l] = mean.v[l];
                     }
                     write_codes(tables, t.coded, block, count, moment);
                   });
                 });
}

void update(Stream stream, const LionStep& step, std::span<const LionTensors> parameters) {
  update_typed<double>(stream, step, DType::f64, parameters);
  update_typed<float>(stream, step, DType::f32, parameters);
}

void update_coded(Stream stream, const LionStep& step, std::span<const LionTensors> parameters) {
  update_coded_typed<double>(stream, step, DType::f64, parameters);
  update_coded_typed<float>(stream, step, DType::f32, parameters);
}

const bool registered = lion_kernels.add(Device::cuda, {.update = update, .update_coded = update_coded});

}  // namespace
}  // namespace eft::cuda
