#pragma once

#include "ops/moe_gate/moe_gate.h"

namespace eft {

/// x, dx, y, dy: [tokens, hidden]; rows, drows: [tokens · top_k, hidden] in expert order, all of one dtype; weights,
/// dweights: [tokens, top_k] in the accumulator dtype. Sums run over a token's choices in their order.
struct MoeRowsKernels {
  /// rows[r] = x[token of r].
  void (*gather)(Stream, ConstView x, const RoutingView&, View rows);
  /// dx[t] = Σ_j drows[row(t, j)].
  void (*gather_backward)(Stream, ConstView drows, const RoutingView&, GradView dx);
  /// y[t] = Σ_j weights[t, j]·rows[row(t, j)].
  void (*combine)(Stream, ConstView rows, ConstView weights, const RoutingView&, View y);
  /// drows[row(t, j)] = weights[t, j]·dy[t]; dweights[t, j] = ⟨dy[t], rows[row(t, j)]⟩.
  void (*combine_backward)(Stream, ConstView rows, ConstView weights, const RoutingView&, ConstView dy, GradView drows,
                           GradView dweights);
};
inline constinit KernelSlot<MoeRowsKernels> moe_rows_kernels{"moe_rows"};

/// The tokens' rows laid out for their experts: rows[r] = x[token of r]. x: [tokens, hidden] to [tokens · top_k,
/// hidden]. Gradient for x.
Var moe_gather(Context& ctx, const Var& x, const ExpertRouting& routing);

/// What the experts made of them, back in token order: y[t] = Σ_j weights[t, j]·rows[row(t, j)], summed in f32 (f64 for
/// f64) and rounded once. rows: [tokens · top_k, hidden]; weights: [tokens, top_k] in the accumulator dtype. Gradients
/// for both. Throws InternalError when shapes disagree with the routing. Source: architecture.md of the models, B.1.6
/// and D.1.
Var moe_combine(Context& ctx, const Var& rows, const Var& weights, const ExpertRouting& routing);

}  // namespace eft
