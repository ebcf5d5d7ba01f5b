#pragma once

#include <memory>

#include "base/profile.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// How the work of a device is timed. The CPU has host_clock().
struct DeviceClock {
  /// A clock whose marks stand in the device's queue of work.
  std::unique_ptr<ProfileClock> (*make)();
};
inline constinit KernelSlot<DeviceClock> device_clocks{"clock"};

}  // namespace eft
