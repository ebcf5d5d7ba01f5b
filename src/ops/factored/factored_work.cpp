#include "ops/factored/factored.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

const bool listed = list_kernels(factored_kernels, timed<&FactoredKernels::add>("add"),
                                 timed<&FactoredKernels::precondition>("precondition"),
                                 timed<&FactoredKernels::clip>("clip"), timed<&FactoredKernels::average>("average"));

}  // namespace
}  // namespace eft
