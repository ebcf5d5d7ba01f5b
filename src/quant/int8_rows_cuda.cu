#include "backend/cuda/lanes.cuh"
#include "backend/cuda/unpacked.cuh"
#include "quant/int8_rows.h"

namespace eft::cuda {
namespace {

template <class T>
void unpack_values(Stream stream, const WeightView& weight, T* values) {
  const PackedTensor& packed = *weight.packed;
  const std::int64_t columns = weight.shape.columns();
  const auto* const codes = static_cast<const signed char*>(packed.codes.raw()) + weight.first_row * columns;
  const float* const scales = packed.scales.data<float>() + weight.first_row;
  for_each(stream, "unpack", weight.shape, weight.shape.elements(), 1, [=] __device__(std::int64_t i, int) {
    values[i] = narrow<T>(static_cast<float>(codes[i]) * scales[i / columns] * kInt8Step);
  });
}

void unpack_int8(Stream stream, const WeightView& weight, View to) {
  if (to.dtype == DType::bf16) return unpack_values(stream, weight, out<__nv_bfloat16>(to));
  unpack_values(stream, weight, out<float>(to));
}

const bool added = add_unpack_kernel(int8_rows, unpack_int8);

}  // namespace
}  // namespace eft::cuda
