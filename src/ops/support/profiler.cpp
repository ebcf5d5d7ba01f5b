#include "ops/support/profiler.h"

#include "backend/cpu/peak.h"
#include "ops/support/kernel_list.h"
#include "tensor/device_clock.h"

namespace eft {

Profile make_profile(Device device, std::int64_t traced_steps) {
  if (device != Device::cpu) return {traced_steps, device_clocks.find(device)->make(), {}};
  return {traced_steps, host_clock(), {measure_peak_flops(DType::bf16), measure_peak_flops(DType::f32)}};
}

Profiler::Profiler(Profile& profile, Device device) {
  expect(timing.profile == nullptr, "one profiler at a time");
  timing = {&profile, device};
  for (const KernelList& list : kernel_lists()) list.time(device, true);
}

Profiler::~Profiler() {
  for (const KernelList& list : kernel_lists()) list.time(timing.device, false);
  timing = {};
}

}  // namespace eft
