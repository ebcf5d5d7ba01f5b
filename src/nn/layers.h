#pragma once

#include "nn/linear.h"

namespace eft {

/// RMSNorm with a weight. `offset` is 1 where the stored weight is the distance from one (Gemma 3).
class RmsNorm {
 public:
  RmsNorm(const Scope& s, std::int64_t width, double epsilon, double offset = 0.0);
  Var operator()(Context& ctx, const Var& x) const;
  /// residual + the norm of x.
  Var add_to(Context& ctx, const Var& residual, const Var& x) const;
  /// The norm of each head of x [tokens, heads, width], rotated by a table of ops/rotary.
  Var rotated(Context& ctx, const Var& x, const Tensor& table) const;

 private:
  Parameter* weight_;
  double epsilon_;
  double offset_;
};

/// LayerNorm with a weight and a bias.
class LayerNorm {
 public:
  LayerNorm(const Scope& s, std::int64_t width, double epsilon);
  Var operator()(Context& ctx, const Var& x) const;

 private:
  Parameter* weight_;
  Parameter* bias_;
  double epsilon_;
};

/// down( gelu_tanh(gate(x)) ⊙ up(x) ). With a sparsity s > 0, gate(x) first goes through gaussian_topk (Gemma 3n), and
/// what its zeros make zero is not computed where that saves time.
class GatedMlp {
 public:
  GatedMlp(const Scope& s, std::int64_t hidden, std::int64_t intermediate, double sparsity = 0.0);
  Var operator()(Context& ctx, const Var& x) const;

 private:
  Linear gate_proj_;
  Linear up_proj_;
  Linear down_proj_;
  double sparsity_;
};

}  // namespace eft
