#include "check/gradients.h"

#include <algorithm>
#include <cmath>

#include "check/tolerance.h"

namespace eft {
namespace {

double or_far(double x) { return std::isnan(x) ? HUGE_VAL : x; }

}  // namespace

GradientDistance gradient_distance(std::span<const double> got, std::span<const double> reference, double largest) {
  double difference = 0, squares = 0, own_squares = 0, product = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    difference += (got[i] - reference[i]) * (got[i] - reference[i]);
    squares += reference[i] * reference[i];
    own_squares += got[i] * got[i];
    product += got[i] * reference[i];
  }
  const double norm = std::sqrt(squares);
  if (norm <= kZeroGradientShare * largest) {
    return {.distance = or_far(largest == 0 ? std::sqrt(difference) : std::sqrt(difference) / largest), .cosine = {}};
  }
  return {.distance = or_far(std::sqrt(difference) / norm),
          .cosine = own_squares == 0 ? 0 : product / std::sqrt(own_squares * squares)};
}

GradientBound gradient_bound(DType dtype, const std::optional<GradientDistance>& noise) {
  if (dtype == DType::f64) return {.distance = kFloat64Tolerance.gradient, .cosine = 0.0};
  const NoiseMultiple& rule = noise_multiple(dtype);
  if (!noise) return {.distance = rule.unknown.gradient, .cosine = rule.unknown_cosine};
  GradientBound bound{.distance = std::max(rule.floor, rule.multiple * noise->distance), .cosine = {}};
  if (noise->cosine) {
    // An error across the reference that is n times as long takes n² times as much from the cosine.
    const double cosine = 1 - rule.multiple * rule.multiple * (1 - *noise->cosine) - rule.floor;
    bound.cosine = std::max(cosine, *noise->cosine / 2);
  }
  return bound;
}

double used_up(const GradientDistance& distance, const GradientBound& bound) {
  const double of_distance = distance.distance / bound.distance;
  if (!distance.cosine || !bound.cosine || std::isinf(of_distance)) return of_distance;
  return std::max(of_distance, (1 - *distance.cosine) / (1 - *bound.cosine));
}

}  // namespace eft
