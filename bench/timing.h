// What the benchmarks measure with.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace eft::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Seconds of one call.
template <class F>
double seconds_of(F&& f) {
  const auto begin = Clock::now();
  f();
  return seconds_since(begin);
}

/// The upper one of two in the middle.
inline double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace eft::bench
