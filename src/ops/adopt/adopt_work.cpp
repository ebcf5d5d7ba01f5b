#include "ops/adopt/adopt.h"
#include "ops/parameter_update/update_work.h"

namespace eft {
namespace {

/// What an update reads and writes.
KernelWork update_work(Stream, const AdoptStep&, std::span<const AdoptTensors> parameters) {
  double bytes = 0;
  for (const AdoptTensors& t : parameters) {
    bytes += update_bytes(t.parameter) + bytes_of(t.first) + bytes_of(t.second);
  }
  return {.bytes = bytes};
}

const bool listed = list_kernels(adopt_kernels, timed<&AdoptKernels::update>("update", update_work));

}  // namespace
}  // namespace eft
