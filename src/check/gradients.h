#pragma once

#include <optional>
#include <span>
#include <string>

#include "tensor/dtype.h"

namespace eft {

/// A reference gradient whose norm is at most this share of the largest one in its file is zero in exact arithmetic
/// (the bias of a key projection, to which softmax is blind): what is computed for it is rounding.
inline constexpr double kZeroGradientShare = 1e-10;

/// How far a gradient is from the reference.
struct GradientDistance {
  double distance = 0;  ///< ‖Δ‖/‖ref‖; ‖Δ‖ over the largest norm of the file where the truth is zero
  std::optional<double>
      cosine;  ///< of the angle to the reference, 0 for an absent gradient; none where the truth is zero
};

/// `largest`: the largest norm of a reference gradient in the file. A value that is not a number is infinitely far.
GradientDistance gradient_distance(std::span<const double> got, std::span<const double> reference, double largest);

/// What is allowed for one gradient: the distance at most, the cosine at least. Both, since the noise of some gradients
/// in bfloat16 is as long as they are: an absent one is at distance 1, but its cosine is 0.
using GradientBound = GradientDistance;

/// The bound in `dtype`, given how far Transformers' own run in that dtype was off, where the file says so.
GradientBound gradient_bound(DType dtype, const std::optional<GradientDistance>& noise);

/// How much of `bound` is used up, by the rule that is nearer to its end: above 1 is too far.
double used_up(const GradientDistance& distance, const GradientBound& bound);

}  // namespace eft
