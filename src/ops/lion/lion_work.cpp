#include "ops/lion/lion.h"
#include "ops/parameter_update/update_work.h"

namespace eft {
namespace {

/// What an update reads and writes.
KernelWork update_work(Stream, const LionStep&, std::span<const LionTensors> parameters) {
  double bytes = 0;
  for (const LionTensors& t : parameters) {
    bytes += update_bytes(t.parameter) + bytes_of(t.moment) + bytes_of(t.coded.codes) + bytes_of(t.coded.scales);
  }
  return {.bytes = bytes};
}

const bool listed = list_kernels(lion_kernels, timed<&LionKernels::update>("update", update_work),
                                 timed<&LionKernels::update_coded>("update_coded", update_work));

}  // namespace
}  // namespace eft
