#pragma once

#include <cstdint>
#include <vector>

#include "ops/cross_entropy/cross_entropy.h"

namespace eft {

/// The positions that bear loss, and their targets.
struct Selection {
  std::vector<std::int64_t> rows;
  std::vector<std::int32_t> targets;
  std::vector<float> weights;  ///< empty: 1 each

  std::int64_t size() const { return static_cast<std::int64_t>(rows.size()); }
};

/// The kernels of the device that runs, or is planned for; where this build has none for that, the CPU's.
const CrossEntropyKernels& kernels_of(const Context& ctx);

/// Fills losses [chosen rows] and, unless it is absent, dhidden [chosen rows, width], going over the vocabulary in
/// chunks: all rows meet a chunk of the head while it is near, and no row of logits is ever whole.
void run_chunks(Context& ctx, const Var& hidden, const Var& weight, const Selection& chosen,
                const TokenLossOptions& options, Tensor& losses, Tensor& dhidden);

}  // namespace eft
