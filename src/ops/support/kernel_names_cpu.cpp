#include "backend/cpu/targets.h"
#include <hwy/targets.h>

#include "backend/cpu/gemm.h"
#include "ops/support/kernel_names.h"

namespace eft {

std::string product_kernel_name(DType dtype) { return cpu::gemm_kernel_name(dtype); }

std::string simd_name() {
  const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(targets & -targets);
}

}  // namespace eft
