#pragma once

#include <span>
#include <vector>

#include "autograd/tape.h"
#include "ops/attention/visibility.h"
#include "tensor/kernel_slot.h"

namespace eft {

struct AttentionOptions {
  double scale = 1.0;       ///< of the scores
  std::int64_t window = 0;  ///< a query sees keys less than `window` positions away; 0: all
};

/// q, out, dout: [queries, heads, head_dim]; k, v: [keys, kv_heads, head_dim]; lse: [queries, heads] in the
/// accumulator's dtype. `workspace` has the bytes that workspace_bytes asks for.
struct AttentionKernels {
  std::int64_t (*workspace_bytes)(DType, Shape q, Shape k, std::span<const AttentionSegment>, bool backward);
  /// lse = log Σ exp(score) of each query, for backward.
  void (*forward)(Stream, AttentionOptions, std::span<const AttentionSegment>, ConstView q, ConstView k, ConstView v,
                  View out, View lse, View workspace);
  void (*backward)(Stream, AttentionOptions, std::span<const AttentionSegment>, ConstView q, ConstView k, ConstView v,
                   ConstView out, ConstView lse, ConstView dout, GradView dq, GradView dk, GradView dv, View workspace);
};
inline constinit KernelSlot<AttentionKernels> attention_kernels{"attention"};

/// out[t, h] = Σ_j softmax_j(scale · q[t, h]·k[j, h′]) v[j, h′] over the keys that t sees (visible_keys), h′ =
/// h·kv_heads/heads (grouped queries). Softmax in f32 (f64 for f64); scores exist for a block of queries at a time
/// only. Segments must cover all queries in order; their keys begin with the same key or do not overlap. Keys outside
/// every segment get gradient zero. Gradients for q, k and v; q, k, v, out and one number per query and head are kept.
/// Throws InternalError for other shapes.
Var attention(Context& ctx, const Var& q, const Var& k, const Var& v, std::vector<AttentionSegment> segments,
              AttentionOptions options);

}  // namespace eft
