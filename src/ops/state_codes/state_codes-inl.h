// A block of a coded state, read and written. Included once per target, after backend/cpu/simd-inl.h.
#if defined(EFT_OPS_STATE_CODES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EFT_OPS_STATE_CODES_INL_H_
#undef EFT_OPS_STATE_CODES_INL_H_
#else
#define EFT_OPS_STATE_CODES_INL_H_
#endif

#include <algorithm>

#include "backend/cpu/simd-inl.h"
#include "ops/state_codes/state_codes.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {  // NOLINT: Highway's own scheme

/// The values of the block that begins at element `begin`, of at most 256, in T's.
template <class T>
class CodedBlock {
 public:
  CodedBlock(const StateCodes& codes, const CodedState& state, std::int64_t begin, std::int64_t count)
      : codes_(codes),
        stored_(state.codes.as<std::uint8_t>() + begin),
        scale_(state.scales.as<float>() + begin / CodedState::kBlock),
        count_(count) {
    const T scale = *scale_;
    for (std::int64_t i = 0; i < count; ++i) values_[i] = codes.value(stored_[i]) * scale;
  }
  T* values() { return values_; }
  /// Rounds what the values have become, on the scale of the largest, which is at least `least`.
  void store(float least) {
    const Tag<T> d;
    auto largest = hn::Zero(d);
    for_each_vector(d, count_, [&](std::int64_t i, std::size_t n) {
      largest = hn::Max(largest, hn::Abs(load_n(d, values_ + i, n)));
    });
    *scale_ = std::max(static_cast<float>(hn::GetLane(hn::MaxOfLanes(d, largest))), least);
    const T divisor = *scale_ > 0 ? static_cast<T>(*scale_) : T(1);
    const auto by = hn::Set(d, divisor);
    for_each_vector(d, count_, [&](std::int64_t i, std::size_t n) {
      store_n(d, hn::Div(load_n(d, values_ + i, n), by), values_ + i, n);
    });
    for (std::int64_t i = 0; i < count_; ++i) stored_[i] = codes_.code(static_cast<float>(values_[i]));
  }

 private:
  const StateCodes& codes_;
  std::uint8_t* stored_;
  float* scale_;
  std::int64_t count_;
  T values_[CodedState::kBlock];
};

/// Calls body(at, count) for the blocks of elements [begin, end) of a parameter; begin is a multiple of the block's
/// size.
template <class Body>
void for_each_block(std::int64_t begin, std::int64_t end, Body body) {
  for (std::int64_t at = begin; at < end; at += CodedState::kBlock) body(at, std::min(CodedState::kBlock, end - at));
}

}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#endif  // toggle guard
