#include "backend/cuda/lanes.cuh"
#include "backend/cuda/unpacked.cuh"
#include "quant/bnb_4bit.h"

namespace eft::cuda {
namespace {

struct Book {
  float values[16];
};

/// Where the scales of blocks are, plain or in codes.
struct Scales {
  const float* plain;
  const std::uint8_t* codes;
  const float* outer;
  const float* book;
  float offset;

  __device__ float of(std::int64_t block) const {
    if (plain != nullptr) return plain[block];
    return __fadd_rn(__fmul_rn(book[codes[block]], outer[block / kBnbScaleBlock]), offset);
  }
};

Scales scales_of(const PackedTensor& packed) {
  if (!packed.book) return {packed.scales.data<float>(), nullptr, nullptr, nullptr, 0};
  return {nullptr, static_cast<const std::uint8_t*>(packed.scales.raw()), packed.outer_scales.data<float>(),
          packed.book.data<float>(), packed.offset};
}

template <class T>
void unpack_values(Stream stream, const WeightView& weight, T* values) {
  const PackedTensor& packed = *weight.packed;
  Book book;
  for (int i = 0; i < 16; ++i) book.values[i] = code_book(*packed.format)[static_cast<std::size_t>(i)];
  const auto* const codes = static_cast<const std::uint8_t*>(packed.codes.raw());
  const Scales scales = scales_of(packed);
  const std::int64_t first = weight.first_row * weight.shape.columns();
  const std::int64_t block = packed.block[1];
  for_each(stream, "unpack", weight.shape, weight.shape.elements(), 1, [=] __device__(std::int64_t i, int) {
    const std::int64_t at = first + i;
    const std::uint8_t byte = codes[at / 2];
    values[i] = narrow<T>(book.values[at % 2 == 0 ? byte >> 4 : byte & 15] * scales.of(at / block));
  });
}

void unpack_4bit(Stream stream, const WeightView& weight, View to) {
  if (to.dtype == DType::bf16) return unpack_values(stream, weight, out<__nv_bfloat16>(to));
  unpack_values(stream, weight, out<float>(to));
}

const bool nf4_added = add_unpack_kernel(nf4, unpack_4bit);
const bool fp4_added = add_unpack_kernel(fp4, unpack_4bit);

}  // namespace
}  // namespace eft::cuda
