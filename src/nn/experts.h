#pragma once

#include "nn/grouped_linear.h"
#include "ops/moe_gate/moe_gate.h"

namespace eft {

struct ExpertSizes {
  std::int64_t experts;
  std::int64_t hidden;
  std::int64_t intermediate;
};

/// The experts of a mixture: each is down( gelu_tanh(gate(x)) ⊙ up(x) ), with gate and up packed in one parameter. A
/// token costs its chosen experts only.
class Experts {
 public:
  /// gate_up_proj: [experts, 2·intermediate, hidden] and down_proj: [experts, hidden, intermediate] at `s`.
  Experts(const Scope& s, const ExpertSizes& sizes);
  /// x: [tokens, hidden] to Σ over each token's choices of weight · expert(x).
  Var operator()(Context& ctx, const Var& x, const GateResult& gate) const;

 private:
  GroupedLinear down_proj_;
  GroupedLinear gate_up_proj_;
};

}  // namespace eft
