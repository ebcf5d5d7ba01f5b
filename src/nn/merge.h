#pragma once

#include <map>
#include <string>

#include "nn/linear_policy.h"
#include "nn/parameter.h"

namespace eft {

/// Where the two matrices of a weight's adapter are, by their names in the adapter's file.
struct AdaptedWeight {
  std::string a, b;
  double scale;
};

/// Weights that the adapter changes, by their name in the checkpoint.
std::map<std::string, AdaptedWeight> adapted_weights(ParameterStore& store, LinearPolicy& policy);

/// base + scale·B·A, summed in f32 (f64 for f64) and rounded once to base's dtype. base: [out, in]; a: [rank, in];
/// b: [out, rank]. For experts, base: [experts, out, in]; a: [experts·rank, in]; b: [out, rank·experts], as PEFT lays
/// them out. Host tensors of any float dtype.
Tensor merged_weight(const Tensor& base, const Tensor& a, const Tensor& b, double scale);

}  // namespace eft
