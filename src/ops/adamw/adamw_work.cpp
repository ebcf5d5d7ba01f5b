#include "ops/adamw/adamw.h"
#include "ops/parameter_update/update_work.h"

namespace eft {
namespace {

/// What an update reads and writes.
KernelWork update_work(Stream, const AdamwStep&, std::span<const AdamwTensors> parameters) {
  double bytes = 0;
  for (const AdamwTensors& t : parameters) {
    bytes += update_bytes(t.parameter) + bytes_of(t.first) + bytes_of(t.second);
  }
  return {.bytes = bytes};
}

const bool listed = list_kernels(adamw_kernels, timed<&AdamwKernels::update>("update", update_work));

}  // namespace
}  // namespace eft
