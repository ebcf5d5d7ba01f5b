#include "ops/state_codes/state_codes.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace eft {
namespace {

constexpr int kDecades = 7;

/// torch.linspace in float32.
float linspace(float from, float to, int count, int i) {
  const float step = (to - from) / static_cast<float>(count - 1);
  return i < count / 2 ? std::fma(step, static_cast<float>(i), from)
                       : std::fma(-step, static_cast<float>(count - 1 - i), to);
}

/// In each decade down from [0.1, 1], half as many middles of equal parts as in the one above; 0 and 1 beside them.
std::vector<float> dynamic_map(bool both_signs) {
  std::vector<float> values{0, 1};
  for (int i = 0; i < kDecades; ++i) {
    const int parts = 1 << (both_signs ? i : i + 1);
    const auto decade = static_cast<float>(std::pow(10.0, i - (kDecades - 1)));
    for (int part = 0; part < parts; ++part) {
      const float low = linspace(0.1F, 1.0F, parts + 1, part), high = linspace(0.1F, 1.0F, parts + 1, part + 1);
      const float value = decade * ((low + high) / 2);
      values.push_back(value);
      if (both_signs) values.push_back(-value);
    }
  }
  std::ranges::sort(values);
  return values;
}

/// The smallest float at which a value between `low` and `high` is rounded up.
float bound_between(float low, float high, CodeRounding rounding) {
  const float infinity = std::numeric_limits<float>::infinity();
  if (rounding == CodeRounding::bitsandbytes) return std::nextafter((low + high) * 0.5F, infinity);
  const float half = (high - low) * 0.5F;
  const auto goes_up = [&](float x) { return x - low >= half; };
  float bound = low + half;
  while (goes_up(bound)) bound = std::nextafter(bound, -infinity);
  while (!goes_up(bound)) bound = std::nextafter(bound, infinity);
  return bound;
}

}  // namespace

StateCodes::StateCodes(bool both_signs, CodeRounding rounding) {
  std::ranges::copy(dynamic_map(both_signs), values_.begin());
  for (std::size_t i = 0; i + 1 < values_.size(); ++i) {
    bounds_[i] = bound_between(values_[i], values_[i + 1], rounding);
  }
  bounds_.back() = std::numeric_limits<float>::infinity();
  // A negative value beside zero keeps its sign.
  const auto zero = std::ranges::find(values_, 0.0F) - values_.begin();
  if (both_signs && rounding == CodeRounding::bitsandbytes) bounds_[static_cast<std::size_t>(zero) - 1] = 0.0F;
  fill_cells();
}

void StateCodes::fill_cells() {
  const auto code_of = [&](float x) { return std::ranges::upper_bound(bounds_, x) - bounds_.begin(); };
  for (std::int32_t cell = 0; cell < kCells; ++cell) {
    const auto from = cell == 0 ? 0U : static_cast<std::uint32_t>(cell + kFirstCell) << kCellShift;
    const auto past = static_cast<std::uint32_t>(cell + kFirstCell + 1) << kCellShift;
    const float least = std::bit_cast<float>(from), most = std::bit_cast<float>(past - 1);
    expect(code_of(most) - code_of(least) <= 1 && code_of(-least) - code_of(-most) <= 1, "at most one bound a cell");
    floors_[static_cast<std::size_t>(cell)] = static_cast<std::uint8_t>(code_of(least));
    floors_[static_cast<std::size_t>(cell + kCells)] = static_cast<std::uint8_t>(code_of(-most));
  }
}

const StateCodes& StateCodes::of(bool both_signs, CodeRounding rounding) {
  static const StateCodes kCodes[2][2] = {
      {StateCodes(false, CodeRounding::bitsandbytes), StateCodes(false, CodeRounding::torchao)},
      {StateCodes(true, CodeRounding::bitsandbytes), StateCodes(true, CodeRounding::torchao)}};
  return kCodes[both_signs ? 1 : 0][rounding == CodeRounding::torchao ? 1 : 0];
}

}  // namespace eft
