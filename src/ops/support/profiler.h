#pragma once

#include <string>
#include <vector>

#include "base/profile.h"
#include "tensor/device.h"

namespace eft {

/// Times every kernel of the CPU while it lives: the kernel slots then hold kernels that bracket the real ones, and get
/// those back at the end. Nothing is paid without a profiler. There can be one at a time.
class Profiler {
 public:
  explicit Profiler(Profile& profile);
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// What products can reach at most: FLOP/s in bf16 and f32, measured at construction; 0: unknown.
  double peak_bf16() const { return peak_bf16_; }
  double peak_f32() const { return peak_f32_; }

 private:
  double peak_bf16_;
  double peak_f32_;
};

/// The names of all kernels that a profiler times, "linear.forward".
std::vector<std::string> profiled_kernels();

}  // namespace eft
