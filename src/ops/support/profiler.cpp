#include "ops/support/profiler.h"

#include "backend/cpu/peak.h"
#include "ops/support/profiled_kernel.h"

namespace eft {

Profiler::Profiler(Profile& profile)
    : peak_bf16_(measure_peak_flops(DType::bf16)), peak_f32_(measure_peak_flops(DType::f32)) {
  expect(profiler_state.profile == nullptr, "one profiler at a time");
  profiler_state = {&profile, peak_bf16_, peak_f32_};
  for (const auto& kernel : profiled_kernel_entries()) kernel.attach();
}

Profiler::~Profiler() {
  for (const auto& kernel : profiled_kernel_entries()) kernel.detach();
  profiler_state = {};
}

std::vector<std::string> profiled_kernels() {
  std::vector<std::string> names;
  for (const auto& kernel : profiled_kernel_entries()) names.push_back(kernel.name);
  return names;
}

}  // namespace eft
