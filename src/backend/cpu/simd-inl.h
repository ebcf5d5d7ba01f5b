// Loads and stores with conversion for Highway kernels. Included once per target, inside foreach_target files:
// see ops/rms_norm/rms_norm_cpu.cpp for the pattern.
#if defined(EFT_BACKEND_CPU_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_BACKEND_CPU_SIMD_INL_H_
#undef EFT_BACKEND_CPU_SIMD_INL_H_
#else
#define EFT_BACKEND_CPU_SIMD_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

#include "tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {  // NOLINT: Highway's own scheme
namespace hn = hwy::HWY_NAMESPACE;

/// Vectors in which a kernel over T computes: f64 for double, else f32.
template <class T>
using Tag = hn::ScalableTag<Accumulator<T>>;

template <class D, class T>
HWY_INLINE hn::Vec<D> load(D d, const T* from) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    const hn::Rebind<std::uint16_t, D> d16;
    const hn::RebindToUnsigned<D> d32;
    const auto bits = hn::PromoteTo(d32, hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(from)));
    return hn::BitCast(d, hn::ShiftLeft<16>(bits));
  } else {
    return hn::LoadU(d, from);
  }
}

template <class D, class T>
HWY_INLINE void store(D d, hn::Vec<D> value, T* to) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    const hn::Rebind<std::uint16_t, D> d16;
    const hn::RebindToUnsigned<D> d32;
    const hn::RebindToSigned<D> signed32;
    const auto bits = hn::BitCast(d32, value);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d32, 1));
    const auto nearest = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fff))));
    const auto nan = hn::RebindMask(d32, hn::IsNaN(value));
    const auto upper = hn::IfThenElse(nan, hn::Set(d32, 0x7fc0), nearest);
    hn::StoreU(hn::DemoteTo(d16, hn::BitCast(signed32, upper)), d16, reinterpret_cast<std::uint16_t*>(to));
  } else {
    hn::StoreU(value, d, to);
  }
}

/// `count` elements, the other lanes zero. A full vector takes the straight path.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_n(D d, const T* from, std::size_t count) {
  if (HWY_LIKELY(count >= hn::Lanes(d))) return load(d, from);
  T padded[HWY_MAX_BYTES / sizeof(Accumulator<T>)] = {};
  std::memcpy(padded, from, count * sizeof(T));
  return load(d, padded);
}

template <class D, class T>
HWY_INLINE void store_n(D d, hn::Vec<D> value, T* to, std::size_t count) {
  if (HWY_LIKELY(count >= hn::Lanes(d))) return store(d, value, to);
  T padded[HWY_MAX_BYTES / sizeof(Accumulator<T>)];
  store(d, value, padded);
  std::memcpy(to, padded, count * sizeof(T));
}

/// Calls body(i, count) for i = 0, lanes, 2 lanes, …; count is below the number of lanes only in the last call.
template <class D, class Body>
HWY_INLINE void for_each_vector(D d, std::int64_t size, Body body) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= size; i += lanes) body(i, static_cast<std::size_t>(lanes));
  if (i < size) body(i, static_cast<std::size_t>(size - i));
}

/// store_n(value), or store_n(old + value) when `accumulate`.
template <class D, class T>
HWY_INLINE void put_n(D d, hn::Vec<D> value, T* to, std::size_t count, bool accumulate) {
  if (accumulate) value = hn::Add(value, load_n(d, to, count));
  store_n(d, value, to, count);
}

}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
