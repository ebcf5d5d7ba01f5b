#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// gate, y, dy, dgate: [tokens, width]; per_layer, dper_layer: [tokens, layers, width]; all of one dtype.
struct PerLayerGateKernels {
  /// y = gelu(gate)·per_layer[:, layer].
  void (*forward)(Stream, ConstView gate, ConstView per_layer, std::int64_t layer, View y);
  /// dgate = dy·per_layer[:, layer]·gelu′(gate); dper_layer[:, layer] = dy·gelu(gate), and zero for the other layers
  /// unless it accumulates.
  void (*backward)(Stream, ConstView gate, ConstView per_layer, std::int64_t layer, ConstView dy, GradView dgate,
                   GradView dper_layer);
};
inline constinit KernelSlot<PerLayerGateKernels> per_layer_gate_kernels{"per_layer_gate"};

/// y[t] = gelu_tanh(gate[t]) ⊙ per_layer[t, layer]: how one layer takes its part of the per-layer embeddings. Computed
/// in f32 (f64 for f64) and rounded once. gate: [tokens, width]; per_layer: [tokens, layers, width]. Gradients for
/// both, from the inputs alone. Throws InternalError when shapes or dtypes disagree. Source: architecture.md of the
/// models, D.1.
Var per_layer_gate(Context& ctx, const Var& gate, const Var& per_layer, std::int64_t layer);

}  // namespace eft
