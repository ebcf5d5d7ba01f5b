#include "quant/bnb_4bit_cpu.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "quant/bnb_4bit_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include <hwy/highway.h>

#include <cstring>

#include "tensor/half.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::CappedTag<float, 8>;
using U32 = hn::RebindToUnsigned<F32>;
constexpr bool kEightLanes = hn::MaxLanes(F32()) == 8;

/// The 16 values that the codes of a block stand for. Each is made once, not for each of the block's elements.
void make_table(const float* book, float scale, DType dtype, float* table) {
  const F32 d;
  const U32 u;
  for (std::size_t i = 0; i < 16; i += hn::Lanes(d)) {
    auto value = hn::Mul(hn::LoadU(d, book + i), hn::Set(d, scale));
    if (dtype == DType::bf16) {
      const auto word = hn::BitCast(u, value);
      const auto odd = hn::And(hn::ShiftRight<16>(word), hn::Set(u, 1));
      const auto rounded = hn::Add(word, hn::Add(odd, hn::Set(u, 0x7fff)));
      value = hn::BitCast(d, hn::And(rounded, hn::Set(u, 0xffff0000U)));
    }
    hn::StoreU(value, d, table + i);
  }
  if (dtype != DType::f16) return;
  for (std::size_t i = 0; i < 16; ++i) table[i] = rounded_to_half(table[i]);
}

/// `count` elements, a multiple of 8, of the bytes' first on.
void look_up(const std::uint8_t* bytes, std::int64_t count, const float* table, float* to) {
  const F32 d;
  const U32 u;
  if constexpr (kEightLanes) {
    alignas(32) static constexpr std::uint32_t kShifts[] = {4, 0, 12, 8, 20, 16, 28, 24};
    const auto shifts = hn::Load(u, kShifts);
    const auto low = hn::LoadU(d, table), high = hn::LoadU(d, table + 8);
    for (std::int64_t i = 0; i < count; i += 8) {
      std::uint32_t word = 0;
      std::memcpy(&word, bytes + i / 2, sizeof word);
      const auto codes = hn::Shr(hn::Set(u, word), shifts);
      const auto lanes = hn::IndicesFromVec(d, hn::And(codes, hn::Set(u, 7)));
      const auto upper = hn::TestBit(codes, hn::Set(u, 8));
      hn::StoreU(
          hn::IfThenElse(hn::RebindMask(d, upper), hn::TableLookupLanes(high, lanes), hn::TableLookupLanes(low, lanes)),
          d, to + i);
    }
  } else {
    for (std::int64_t i = 0; i < count; i += 2) {
      to[i] = table[bytes[i / 2] >> 4];
      to[i + 1] = table[bytes[i / 2] & 15];
    }
  }
}

void unpack_all_halves(const std::uint8_t* bytes, std::int64_t at, std::int64_t count, const float* book, float scale,
                       DType dtype, float* to) {
  float table[16];
  make_table(book, scale, dtype, table);
  std::int64_t i = 0;
  if (at % 2 == 1 && count > 0) to[i++] = table[bytes[at / 2] & 15];
  const std::uint8_t* byte = bytes + (at + i) / 2;
  const std::int64_t whole = (count - i) / 8 * 8;
  look_up(byte, whole, table, to + i);
  i += whole;
  for (byte += whole / 2; i + 1 < count; i += 2, ++byte) {
    to[i] = table[*byte >> 4];
    to[i + 1] = table[*byte & 15];
  }
  if (i < count) to[i] = table[*byte >> 4];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
HWY_EXPORT(unpack_all_halves);

void unpack_halves(const std::uint8_t* bytes, std::int64_t at, std::int64_t count, const float* book, float scale,
                   DType dtype, float* to) {
  HWY_DYNAMIC_DISPATCH(unpack_all_halves)(bytes, at, count, book, scale, dtype, to);
}

}  // namespace eft
#endif
