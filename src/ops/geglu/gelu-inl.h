// gelu_tanh for Highway kernels. Included once per target, inside foreach_target files, after backend/cpu/simd-inl.h.
#if defined(EFT_OPS_GEGLU_GELU_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_OPS_GEGLU_GELU_INL_H_
#undef EFT_OPS_GEGLU_GELU_INL_H_
#else
#define EFT_OPS_GEGLU_GELU_INL_H_
#endif

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {

inline constexpr double kGeluTwice = 1.5957691216057307117597842397375;  // 2·√(2/π)
inline constexpr double kGeluCubic = 0.044715;

/// x where it changes σ(2u) at all; beyond, exp would overflow and x² with it.
template <class D>
HWY_INLINE hn::Vec<D> gelu_range(D d, hn::Vec<D> x) {
  using A = hn::TFromD<D>;
  const auto bound = hn::Set(d, sizeof(A) == 8 ? A(20) : A(9));
  return hn::Max(hn::Neg(bound), hn::Min(bound, x));
}

/// exp(−2u) with u = √(2/π)(x + 0.044715·x³). ½(1 + tanh u) = 1/(1 + exp(−2u)), which unlike 1 + tanh u stays exact to
/// the last bits where tanh u is near −1.
template <class D>
HWY_INLINE hn::Vec<D> gelu_exponential(D d, hn::Vec<D> x) {
  using A = hn::TFromD<D>;
  const auto bend = hn::MulAdd(hn::Mul(x, x), hn::Set(d, A(kGeluCubic)), hn::Set(d, A(1)));
  return hn::Exp(d, hn::Mul(hn::Mul(x, hn::Set(d, A(-kGeluTwice))), bend));
}

/// gelu_tanh(x) = x/(1 + exp(−2u)). The operands of Min and Max stand so that NaN comes through on x86.
template <class D>
HWY_INLINE hn::Vec<D> gelu(D d, hn::Vec<D> x) {
  const auto near = gelu_range(d, x);
  const auto e = gelu_exponential(d, near);
  return hn::Div(hn::Max(near, x), hn::Add(e, hn::Set(d, hn::TFromD<D>(1))));
}

template <class V>
struct GeluAndSlope {
  V value;
  V slope;
};

/// gelu_tanh and its derivative σ + x·σ(1 − σ)·2√(2/π)(1 + 3·0.044715·x²) with σ = 1/(1 + exp(−2u)).
template <class D>
HWY_INLINE GeluAndSlope<hn::Vec<D>> gelu_and_slope(D d, hn::Vec<D> x) {
  using A = hn::TFromD<D>;
  const auto one = hn::Set(d, A(1));
  const auto near = gelu_range(d, x);
  const auto e = gelu_exponential(d, near);
  const auto sigmoid = hn::Div(one, hn::Add(e, one));
  const auto bend = hn::MulAdd(hn::Mul(near, near), hn::Set(d, A(3 * kGeluCubic * kGeluTwice)), hn::Set(d, A(kGeluTwice)));
  const auto product = hn::Mul(hn::Mul(sigmoid, sigmoid), hn::Mul(e, near));
  return {hn::Mul(hn::Max(near, x), sigmoid), hn::MulAdd(product, bend, sigmoid)};
}

}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
