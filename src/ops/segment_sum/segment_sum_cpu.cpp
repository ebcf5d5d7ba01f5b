#include <algorithm>
#include <numeric>

#include "ops/segment_sum/segment_sum.h"

namespace eft {
namespace {

/// A few thousand elements at most: no work for several threads.
void forward(Stream, ConstView x, std::span<const ElementRange> ranges, double scale, View y) {
  const double* from = x.as<double>();
  for (std::size_t s = 0; s < ranges.size(); ++s) {
    y.as<double>()[s] = scale * std::accumulate(from + ranges[s].begin, from + ranges[s].end, 0.0);
  }
}

void backward(Stream, ConstView dy, std::span<const ElementRange> ranges, double scale, GradView dx) {
  double* to = dx.view.as<double>();
  if (!dx.accumulate) std::fill_n(to, dx.view.shape.elements(), 0.0);
  for (std::size_t s = 0; s < ranges.size(); ++s) {
    for (std::int32_t i = ranges[s].begin; i < ranges[s].end; ++i) to[i] += scale * dy.as<double>()[s];
  }
}

const bool registered = segment_sum_kernels.add(Device::cpu, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft
