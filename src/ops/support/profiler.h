#pragma once

#include "base/profile.h"
#include "tensor/device.h"

namespace eft {

/// A profile with the clock of `device` and what its products can reach at most (measured on the CPU, elsewhere
/// unknown).
Profile make_profile(Device device, std::int64_t traced_steps);

/// Times every kernel of one device while it lives: the kernel slots then hold kernels that bracket the real ones, and
/// get those back at the end. Nothing is paid without a profiler. There can be one at a time.
class Profiler {
 public:
  Profiler(Profile& profile, Device device);
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;
};

}  // namespace eft
