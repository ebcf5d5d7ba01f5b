#include "ops/parameter_update/update_work.h"
#include "ops/sgd/sgd.h"

namespace eft {
namespace {

KernelWork update_work(Stream, const SgdStep&, std::span<const SgdTensors> parameters) {
  double bytes = 0;
  for (const SgdTensors& t : parameters) bytes += update_bytes(t.parameter) + bytes_of(t.momentum);
  return {.bytes = bytes};
}

const bool listed = list_kernels(sgd_kernels, timed<&SgdKernels::update>("update", update_work));

}  // namespace
}  // namespace eft
