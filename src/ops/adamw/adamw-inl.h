// The arithmetic of AdamW, whatever its moments are kept in. Included once per target, after backend/cpu/simd-inl.h.
#if defined(EFT_OPS_ADAMW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_OPS_ADAMW_INL_H_
#undef EFT_OPS_ADAMW_INL_H_
#else
#define EFT_OPS_ADAMW_INL_H_
#endif

#include <cmath>

#include "backend/cpu/simd-inl.h"
#include "ops/adamw/adamw.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {  // NOLINT: Highway's own scheme

/// A step's constants for one parameter, as vectors of T.
template <class T>
class AdamwVectors {
 public:
  using D = Tag<T>;
  using V = hn::Vec<D>;

  AdamwVectors(const AdamwStep& s, const ParameterUpdate& p)
      : beta1_(set(s.beta1)),
        rest1_(set(1.0 - s.beta1)),
        beta2_(set(s.beta2)),
        rest2_(set(1.0 - s.beta2)),
        keep_(set(1.0 - p.learning_rate * p.weight_decay)),
        rate_(set(p.learning_rate / (1.0 - std::pow(s.beta1, static_cast<double>(s.step))))),
        root_(set(1.0 / std::sqrt(1.0 - std::pow(s.beta2, static_cast<double>(s.step))))),
        epsilon_(set(s.epsilon)),
        gradient_scale_(set(s.gradient_scale)) {}

  /// Moves both moments by a gradient and returns the new value:
  /// p·(1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε).
  HWY_INLINE V move(V value, V gradient, V& first, V& second) const {
    const V scaled = hn::Mul(gradient, gradient_scale_);
    first = hn::MulAdd(first, beta1_, hn::Mul(scaled, rest1_));
    second = hn::MulAdd(second, beta2_, hn::Mul(hn::Mul(scaled, scaled), rest2_));
    const V denominator = hn::MulAdd(hn::Sqrt(second), root_, epsilon_);
    return hn::Sub(hn::Mul(value, keep_), hn::Div(hn::Mul(first, rate_), denominator));
  }

 private:
  static V set(double value) { return hn::Set(D(), static_cast<Accumulator<T>>(value)); }

  V beta1_, rest1_, beta2_, rest2_, keep_, rate_, root_, epsilon_, gradient_scale_;
};

}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
