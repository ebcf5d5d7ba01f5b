#include "backend/cpu/convert.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/convert.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

void widen_row(const BFloat16* from, float* to, std::int64_t count) {
  const Tag<float> d;
  for_each_vector(d, count, [&](std::int64_t i, std::size_t n) { store_n(d, load_n(d, from + i, n), to + i, n); });
}

void narrow_row(const float* from, BFloat16* to, std::int64_t count) {
  const Tag<float> d;
  for_each_vector(d, count, [&](std::int64_t i, std::size_t n) { store_n(d, load_n(d, from + i, n), to + i, n); });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
HWY_EXPORT(widen_row);
HWY_EXPORT(narrow_row);
namespace cpu {

void widen(const BFloat16* from, float* to, std::int64_t count) { HWY_DYNAMIC_DISPATCH(widen_row)(from, to, count); }

void narrow(const float* from, BFloat16* to, std::int64_t count) { HWY_DYNAMIC_DISPATCH(narrow_row)(from, to, count); }

}  // namespace cpu
}  // namespace eft
#endif
