// The exponentials of softmax. Included once per target.
#if defined(EFT_BACKEND_CPU_EXP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_BACKEND_CPU_EXP_INL_H_
#undef EFT_BACKEND_CPU_EXP_INL_H_
#else
#define EFT_BACKEND_CPU_EXP_INL_H_
#endif

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

// In f32: x = n·ln 2 + r with |r| ≤ ln 2 / 2, exp(r) by Taylor's series to r⁷ (the rest is below 2⁻²⁷), and n goes into
// the exponent's bits. That is half the work of hn::Exp and hn::Tanh, which take any x.

/// Exponents below this, ln 1e-30, count as none: they change no sum, and products with denormal numbers are many times
/// as slow.
constexpr double kLeastExponent = -69;

/// The parts of exp(x) = scale·(1 + bend).
template <class V>
struct ExpParts {
  V scale;  ///< 2ⁿ
  V bend;   ///< exp(r) − 1
};

/// For |x| ≤ 80.
template <class D, class V>
HWY_INLINE ExpParts<V> exp_parts(D d, V x) {
  const hn::RebindToUnsigned<D> bits;
  const auto to_integer = hn::Set(d, 12582912.0F);  // 1.5·2²³: the last bits of a sum with it are the nearest integer
  const auto shifted = hn::MulAdd(x, hn::Set(d, 1.44269504F), to_integer);
  const auto n = hn::Sub(shifted, to_integer);
  // ln 2 in two parts, the first of so few bits that n times it is exact.
  const auto r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4F), hn::NegMulAdd(n, hn::Set(d, 0.693359375F), x));
  auto sum = hn::Set(d, 1.0F / 5040);
  for (const float coefficient : {1.0F / 720, 1.0F / 120, 1.0F / 24, 1.0F / 6, 1.0F / 2, 1.0F}) {
    sum = hn::MulAdd(sum, r, hn::Set(d, coefficient));
  }
  const auto one = hn::BitCast(bits, hn::Set(d, 1.0F));
  return {hn::BitCast(d, hn::Add(one, hn::ShiftLeft<23>(hn::BitCast(bits, shifted)))), hn::Mul(sum, r)};
}

/// exp(x) for x ≤ 80, 0 below kLeastExponent. NaN stays NaN: a broken number has to reach the result.
template <class D, class V>
HWY_INLINE V exp_or_none(D d, V x) {
  const auto none = hn::Lt(x, hn::Set(d, static_cast<hn::TFromD<D>>(kLeastExponent)));
  if constexpr (std::is_same_v<hn::TFromD<D>, double>) {
    return hn::IfThenZeroElse(none, hn::MulAdd(x, hn::Zero(d), hn::Exp(d, x)));  // hn::Exp makes 0 of NaN
  } else {
    const auto parts = exp_parts(d, x);
    return hn::IfThenZeroElse(none, hn::MulAdd(parts.scale, parts.bend, parts.scale));
  }
}

/// tanh(x), of the full relative accuracy also near 0; NaN stays NaN.
template <class D, class V>
HWY_INLINE V tanh_of(D d, V x) {
  if constexpr (std::is_same_v<hn::TFromD<D>, double>) {
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Tanh(d, x));  // hn::Tanh makes a number of NaN
  } else {
    const auto one = hn::Set(d, 1.0F), two = hn::Set(d, 2.0F);
    const auto least = hn::Set(d, -20.0F);  // from 10 on it is 1
    const auto doubled = hn::Mul(hn::Abs(x), hn::Set(d, -2.0F));
    const auto parts = exp_parts(d, hn::IfThenElse(hn::Lt(doubled, least), least, doubled));
    const auto less = hn::MulAdd(parts.scale, parts.bend, hn::Sub(parts.scale, one));  // exp(−2|x|) − 1
    return hn::CopySign(hn::Div(less, hn::Add(two, less)), x);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
