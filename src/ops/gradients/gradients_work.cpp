#include "ops/gradients/gradients.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

const bool listed = list_kernels(gradient_kernels, timed<&GradientKernels::squared_norm>("squared_norm"));

}  // namespace
}  // namespace eft
