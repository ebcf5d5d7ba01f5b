#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// Which experts each token goes to, and in which order the tokens' copies are laid out for them: all rows of expert 0,
/// then those of expert 1 and so on, within an expert in the order of the tokens. Integers (i32) on the device.
struct ExpertRouting {
  Tensor chosen;   ///< [tokens, top_k]: experts, the most probable first
  Tensor row;      ///< [tokens, top_k]: where that copy of the token stands in expert order
  Tensor source;   ///< [tokens · top_k]: its inverse; row r is choice source[r] % top_k of token source[r] / top_k
  Tensor offsets;  ///< [experts + 1]: the rows of expert e are [offsets[e], offsets[e + 1])

  std::int64_t tokens() const { return chosen.shape()[0]; }
  std::int64_t top_k() const { return chosen.shape()[1]; }
  std::int64_t rows() const { return source.shape()[0]; }
  std::int64_t experts() const { return offsets.shape()[0] - 1; }
};

/// The same for kernels.
struct RoutingView {
  View chosen, row, source, offsets;
};

/// logits: [tokens, experts]; expert_scale: [experts] in the same dtype; share, weights, dweights: [tokens, top_k] in
/// the accumulator dtype.
struct MoeGateKernels {
  /// Fills the routing, share = p/Σp over the chosen, and weights = share·expert_scale.
  void (*forward)(Stream, ConstView logits, ConstView expert_scale, View share, View weights, const RoutingView&);
  /// With dq = expert_scale·dweights: dlogits = share·(dq − Σ share·dq) for the chosen, else zero; dscale = Σ
  /// share·dweights.
  void (*backward)(Stream, ConstView expert_scale, ConstView share, const RoutingView&, ConstView dweights,
                   GradView dlogits, GradView dscale);
};
inline constinit KernelSlot<MoeGateKernels> moe_gate_kernels{"moe_gate"};

struct GateResult {
  Var weights;  ///< [tokens, top_k] in the accumulator dtype, in the order of `routing.chosen`
  ExpertRouting routing;
};

/// The choice of a mixture of experts: p = softmax(logits) in f32 (f64 for f64), the `top_k` largest of them (of equals
/// the lower expert), weights = p_e/Σ_chosen p · expert_scale[e]. logits: [tokens, experts]; expert_scale: [experts].
/// Gradients for both; the choice itself is a constant. Throws InternalError when shapes disagree. Source:
/// architecture.md of the models, B.1.6 and D.1 "MoE router".
GateResult moe_gate(Context& ctx, const Var& logits, const Var& expert_scale, std::int64_t top_k);

/// Views of all parts.
RoutingView views_of(const ExpertRouting& routing);

}  // namespace eft
