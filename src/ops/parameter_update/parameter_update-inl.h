// What the update kernels of all optimizers share on the CPU. Included once per target, after backend/cpu/simd-inl.h.
#if defined(EFT_OPS_PARAMETER_UPDATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_OPS_PARAMETER_UPDATE_INL_H_
#undef EFT_OPS_PARAMETER_UPDATE_INL_H_
#else
#define EFT_OPS_PARAMETER_UPDATE_INL_H_
#endif

#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"
#include "ops/parameter_update/parameter_update.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {  // NOLINT: Highway's own scheme

/// Calls body(T(), begin, end) in parallel for ranges of a parameter's elements; T is their type, float or double.
template <class Body>
void for_each_range(const ParameterUpdate& parameter, Body body) {
  constexpr std::int64_t kElementsPerTask = 1 << 15;
  const auto run = [&](auto tag) {
    parallel_for(parameter.exact.shape.elements(), kElementsPerTask,
                 [&](std::int64_t begin, std::int64_t end) { body(tag, begin, end); });
  };
  parameter.exact.dtype == DType::f64 ? run(double{}) : run(float{});
}

/// Puts the updated values of elements i to i + n in their places: held within the bound, exactly, and rounded.
template <class T, class D>
HWY_INLINE void finish_n(D d, const ParameterUpdate& parameter, hn::Vec<D> value, std::int64_t i, std::size_t n) {
  if (parameter.clip > 0) {
    const auto bound = hn::Set(d, static_cast<T>(parameter.clip));
    value = hn::Max(hn::Min(value, bound), hn::Neg(bound));
  }
  store_n(d, value, parameter.exact.as<T>() + i, n);
  if constexpr (std::is_same_v<T, float>) {
    if (parameter.rounded) store_n(d, value, parameter.rounded.as<BFloat16>() + i, n);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
