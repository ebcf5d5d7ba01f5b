#include "ops/adamw/adamw.cuh"

namespace eft::cuda {
namespace {

/// A parameter in the table of a launch.
template <class A>
struct Updated : AdamwParameter<A> {
  A *first_moment, *second_moment;

  Updated(const AdamwStep& s, const AdamwTensors& t)
      : AdamwParameter<A>(s, t.parameter), first_moment(out<A>(t.first)), second_moment(out<A>(t.second)) {}
};

template <class A>
__device__ __forceinline__ void update_lanes(const AdamwConstants<A>& c, const Updated<A>& t, std::int64_t i, int n) {
  Lanes<A> mean = load_n(t.first_moment + i, n), square = load_n(t.second_moment + i, n);
  move_lanes(c, t, mean, square, i, n);
  store_n(mean, t.first_moment + i, n);
  store_n(square, t.second_moment + i, n);
}

template <class A>
void update_typed(Stream stream, const AdamwStep& step, DType dtype, std::span<const AdamwTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const AdamwTensors& tensors : parameters) {
    if (tensors.parameter.exact.dtype == dtype) list.add(Updated<A>(step, tensors));
  }
  const AdamwConstants<A> c(step);
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
