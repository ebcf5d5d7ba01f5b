#include "nn/experts.h"

#include "ops/geglu/geglu.h"
#include "ops/moe_rows/moe_rows.h"

namespace eft {

// PEFT wraps the module once for each adapted parameter, in the order of their declaration: down_proj's adapter is
// always the outer one, at the module itself, and gate_up_proj's stands inside it where there are two.
Experts::Experts(const Scope& s, const ExpertSizes& sizes)
    : down_proj_(s, "down_proj", {sizes.experts, sizes.hidden, sizes.intermediate}, s),
      gate_up_proj_(s, "gate_up_proj", {sizes.experts, 2 * sizes.intermediate, sizes.hidden},
                    down_proj_.adapted() ? s / "base_layer" : s) {}

Var Experts::operator()(Context& ctx, const Var& x, const GateResult& gate) const {
  const Tensor& offsets = gate.routing.offsets;
  const Var rows = moe_gather(ctx, x, gate.routing);
  const Var activated = geglu(ctx, gate_up_proj_(ctx, rows, offsets));
  return moe_combine(ctx, down_proj_(ctx, activated, offsets), gate.weights, gate.routing);
}

}  // namespace eft
