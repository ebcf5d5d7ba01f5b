#pragma once

#include "autograd/tape.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// x, y, dy: [rows, columns] of one dtype.
struct GaussianTopkKernels {
  void (*forward)(Stream, ConstView x, double deviations, View y);
  void (*backward)(Stream, ConstView x, double deviations, ConstView dy, GradView dx);
};
inline constinit KernelSlot<GaussianTopkKernels> gaussian_topk_kernels{"gaussian_topk"};

/// Keeps about the largest 1 − sparsity share of each row, were it normal: y = max(x − (μ + q·σ), 0) with the row's
/// mean μ, population deviation σ and q = Φ⁻¹(sparsity). x: […, columns]; 0 < sparsity < 1. Gradient for x, through μ
/// and σ too. Source: Transformers' Gemma3nTextMLP; architecture.md of the models, A.1.4 and D.1.
Var gaussian_topk(Context& ctx, const Var& x, double sparsity);

/// Φ⁻¹, the quantile of the standard normal distribution, to double precision; 0 < share < 1.
double normal_quantile(double share);

}  // namespace eft
