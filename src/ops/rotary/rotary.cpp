#include "ops/rotary/rotary.h"
#include "ops/support/kernel_list.h"

namespace eft {

Tensor rotary_table(Context& ctx, std::span<const std::int32_t> positions, std::span<const double> inverse_frequencies,
                    DType dtype) {
  const auto tokens = static_cast<std::int64_t>(positions.size());
  const auto half = static_cast<std::int64_t>(inverse_frequencies.size());
  Tensor table = ctx.output(dtype, {tokens, 2 * half});
  if (const auto* kernels = rotary_kernels.find(ctx.device())) {
    kernels->tabulate(ctx.stream, positions, inverse_frequencies, table.view());
  }
  return table;
}

namespace {

const bool listed = list_kernels(rotary_kernels, timed<&RotaryKernels::tabulate>("tabulate"));

}  // namespace
}  // namespace eft
