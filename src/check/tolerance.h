#pragma once

#include <algorithm>
#include <optional>

#include "check/reference.h"

namespace eft {

/// The one table of what `eft check` calls equal, as relative errors against a reference computed in float64.
struct CheckTolerance {
  double loss;
  double logits;
  double grad_worst;
  double losses_worst;
};

/// float64: to rounding.
inline constexpr CheckTolerance kFloat64Tolerance{1e-9, 1e-9, 1e-8, 1e-6};
/// float32 and bfloat16, where the file records no noise of the reference implementation itself.
inline constexpr CheckTolerance kFloat32Tolerance{1e-5, 1e-4, 1e-3, 1e-4};
inline constexpr CheckTolerance kBFloat16Tolerance{2e-2, 0.4, 1.2, 4e-2};
/// Otherwise this many times that noise, and never less than the floor: a loss is one number, whose error in one run may
/// happen to be near zero. That of bfloat16 is a single rounding, 2⁻⁸.
inline constexpr double kFloat32Multiple = 3.0;
inline constexpr double kBFloat16Multiple = 4.0;
inline constexpr double kFloat32Floor = 1e-5;
inline constexpr double kBFloat16Floor = 1.0 / 256;

/// The tolerance for `dtype`, given the recorded noise.
inline CheckTolerance check_tolerance(DType dtype, const Distance& noise) {
  if (dtype == DType::f64) return kFloat64Tolerance;
  const bool single = dtype == DType::f32;
  const CheckTolerance fallback = single ? kFloat32Tolerance : kBFloat16Tolerance;
  const double multiple = single ? kFloat32Multiple : kBFloat16Multiple;
  const double floor = single ? kFloat32Floor : kBFloat16Floor;
  const auto bound = [&](const std::optional<double>& measured, double otherwise) {
    return measured ? std::max(floor, multiple * *measured) : otherwise;
  };
  return {bound(noise.loss, fallback.loss), bound(noise.logits, fallback.logits),
          bound(noise.grad_worst, fallback.grad_worst), bound(noise.losses_worst, fallback.losses_worst)};
}

}  // namespace eft
