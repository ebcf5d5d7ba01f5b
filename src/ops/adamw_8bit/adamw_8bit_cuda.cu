#include "ops/adamw/adamw.cuh"
#include "ops/adamw_8bit/adamw_8bit.h"
#include "ops/state_codes/state_codes.cuh"

namespace eft::cuda {
namespace {

/// A parameter in the table of a launch.
template <class A>
struct Updated : AdamwParameter<A> {
  CodedPointers first_moment, second_moment;

  Updated(const AdamwStep& s, const Adamw8bitTensors& t)
      : AdamwParameter<A>(s, t.parameter), first_moment(t.first), second_moment(t.second) {}
};

/// Values and moments of a thread's `count` elements from i on.
template <class A>
__device__ __forceinline__ void move_own(const AdamwConstants<A>& c, const Updated<A>& t, std::int64_t i, int count,
                                         A (&first)[kCodedLanes], A (&second)[kCodedLanes]) {
  constexpr int kLanes = Lanes<A>::kCount;
  for (int at = 0; at < count; at += kLanes) {
    Lanes<A> mean, square;
    for (int l = 0; l < kLanes; ++l) {
      mean.v[l] = first[at + l];
      square.v[l] = second[at + l];
    }
    move_lanes(c, t, mean, square, i + at, count - at < kLanes ? count - at : kLanes);
    for (int l = 0; l < kLanes; ++l) {
      first[at + l] = mean.v[l];
      second[at + l] = square.v[l];
    }
  }
}

template <class A>
void update_typed(Stream stream, const AdamwStep& step, CodeRounding rounding, DType dtype,
                  std::span<const Adamw8bitTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const Adamw8bitTensors& tensors : parameters) {
    if (tensors.parameter.exact.dtype == dtype) list.add(Updated<A>(step, tensors));
  }
  const cudaStream_t queue = stream_of(stream);
  const UploadedCodes signed_codes(queue, true, rounding), positive_codes(queue, false, rounding);
  const CodeTables first_tables = signed_codes.tables(), second_tables = positive_codes.tables();
  const AdamwConstants<A> c(step);
  for_each_chunk(stream, "adamw_8bit", list,
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for_each_coded_block(begin, end, [&](std::int64_t block, std::int64_t own, int count) {
                     A first[kCodedLanes], second[kCodedLanes];
                     read_codes(first_tables, t.first_moment, block, count, first);
                     read_codes(second_tables, t.second_moment, block, count, second);
                     move_own(c, t, own, count, first, second);
                     write_codes(first_tables, t.first_moment, block, count, first);
                     write_codes(second_tables, t.second_moment, block, count, second);
                   });
                 });
}

void update(Stream stream, const AdamwStep& step, CodeRounding rounding, std::span<const Adamw8bitTensors> parameters) {
  update_typed<double>(stream, step, rounding, DType::f64, parameters);
  update_typed<float>(stream, step, rounding, DType::f32, parameters);
}

const bool registered = adamw_8bit_kernels.add(Device::cuda, {.update = update});

}  // namespace
}  // namespace eft::cuda
