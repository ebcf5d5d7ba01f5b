#include "quant/integer_rows.h"

namespace eft {
namespace {

template <int Bits>
void unpack_rows(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count, float* to) {
  constexpr std::int64_t kInByte = 8 / Bits;
  const std::int64_t columns = packed.shape.columns(), part = packed.block[1];
  const auto* const codes =
      static_cast<const std::uint8_t*>(packed.codes.raw()) + row * ((columns + kInByte - 1) / kInByte);
  const float* const scales = packed.scales.data<float>() + row * (columns / part);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t at = column + i;
    int code = 0;
    if constexpr (Bits == 8) {
      code = static_cast<std::int8_t>(codes[at]);
    } else {
      code = (codes[at / kInByte] >> at % kInByte * Bits & ((1 << Bits) - 1)) - (1 << (Bits - 1));
    }
    to[i] = static_cast<float>(code) * scales[at / part];
  }
}

}  // namespace

constinit const PackedFormat integer8{.name = "int8", .unpack = unpack_rows<8>, .pack = nullptr};
constinit const PackedFormat integer4{.name = "int4", .unpack = unpack_rows<4>, .pack = nullptr};
constinit const PackedFormat integer2{.name = "int2", .unpack = unpack_rows<2>, .pack = nullptr};

}  // namespace eft
