#pragma once

#include "base/error.h"
#include "tensor/dtype.h"

namespace eft {

/// How far an op's results may be from the same computation in f64, by dtype: the one table of the parity rings.
struct Tolerance {
  double nmse;   ///< Σ(a−b)² / Σb²
  double worst;  ///< max|a−b| / max|b|
};

constexpr Tolerance op_tolerance(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return {1e-24, 1e-12};
    case DType::f32:
      return {1e-11, 2e-5};
    case DType::bf16:
      return {2e-4, 4e-2};
    default:
      break;
  }
  throw InternalError("no tolerance for this dtype");
}

/// Gradient ring: relative distance of the analytic directional derivative from a central difference in f64.
inline constexpr double kGradientBound = 1e-6;

}  // namespace eft
