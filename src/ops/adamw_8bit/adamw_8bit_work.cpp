#include "ops/adamw_8bit/adamw_8bit.h"
#include "ops/parameter_update/update_work.h"

namespace eft {
namespace {

/// What an update reads and writes.
KernelWork update_work(Stream, const AdamwStep&, CodeRounding, std::span<const Adamw8bitTensors> parameters) {
  double bytes = 0;
  for (const Adamw8bitTensors& t : parameters) {
    bytes += update_bytes(t.parameter);
    for (const CodedState& state : {t.first, t.second}) bytes += bytes_of(state.codes) + bytes_of(state.scales);
  }
  return {.bytes = bytes};
}

const bool listed = list_kernels(adamw_8bit_kernels, timed<&Adamw8bitKernels::update>("update", update_work));

}  // namespace
}  // namespace eft
