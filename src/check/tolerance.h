#pragma once

#include <algorithm>
#include <optional>

#include "check/gradients.h"
#include "check/reference.h"

namespace eft {

/// The one table of what `eft check` calls equal, as relative errors against a reference computed in float64. What is
/// allowed for a gradient is in check/gradients.h.
struct CheckTolerance {
  double loss;
  double logits;
  double gradient;
  double losses_worst;
};

/// float64: to rounding.
inline constexpr CheckTolerance kFloat64Tolerance{1e-9, 1e-9, 1e-8, 1e-6};

/// In float32 and bfloat16: `multiple` times the noise of the reference implementation's own run, and never less than
/// `floor`: one number's error may happen to be near zero in the one run that is recorded.
struct NoiseMultiple {
  double multiple;
  double floor;
  CheckTolerance unknown;  ///< where the file records no noise
  double unknown_cosine;   ///< likewise, at least, for each gradient
};
inline constexpr NoiseMultiple kFloat32Noise{3.0, 1e-5, {1e-5, 1e-4, 1e-3, 1e-4}, 0.999};
/// The floor is a single rounding, 2⁻⁸.
inline constexpr NoiseMultiple kBFloat16Noise{4.0, 1.0 / 256, {2e-2, 0.4, 1.2, 4e-2}, 0.5};

inline const NoiseMultiple& noise_multiple(DType dtype) { return dtype == DType::f32 ? kFloat32Noise : kBFloat16Noise; }

/// The tolerance for `dtype`, given the recorded noise.
inline CheckTolerance check_tolerance(DType dtype, const Distance& noise) {
  if (dtype == DType::f64) return kFloat64Tolerance;
  const NoiseMultiple& rule = noise_multiple(dtype);
  const auto bound = [&](const std::optional<double>& measured, double otherwise) {
    return measured ? std::max(rule.floor, rule.multiple * *measured) : otherwise;
  };
  return {bound(noise.loss, rule.unknown.loss), bound(noise.logits, rule.unknown.logits), rule.unknown.gradient,
          bound(noise.losses_worst, rule.unknown.losses_worst)};
}

}  // namespace eft
