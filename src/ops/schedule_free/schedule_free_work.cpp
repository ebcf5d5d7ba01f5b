#include "ops/schedule_free/schedule_free.h"
#include "ops/support/kernel_list.h"

namespace eft {
namespace {

/// What an update reads and writes.
KernelWork update_work(Stream, const ScheduleFreeStep&, std::span<const ScheduleFreeTensors> parameters) {
  double bytes = 0;
  for (const ScheduleFreeTensors& t : parameters) {
    for (const ConstView& view : {t.gradient, ConstView(t.average), ConstView(t.base), ConstView(t.second)}) {
      bytes += bytes_of(view);
    }
    bytes += bytes_of(t.value);
  }
  return {.bytes = bytes};
}

const bool listed = list_kernels(schedule_free_kernels, timed<&ScheduleFreeKernels::update>("update", update_work),
                                 timed<&ScheduleFreeKernels::show>("show"));

}  // namespace
}  // namespace eft
