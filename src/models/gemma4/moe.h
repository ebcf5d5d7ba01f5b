#pragma once

#include "models/gemma4/spec.h"
#include "nn/experts.h"
#include "nn/layers.h"

namespace eft::gemma4 {

/// Chooses the experts of each token from the residual stream. It never gets an adapter.
class Router {
 public:
  /// `per_expert` is where per_expert_scale stands.
  Router(const Scope& s, const Scope& per_expert, const TextSpec& spec);
  /// x: [tokens, hidden].
  GateResult operator()(Context& ctx, const Var& x) const;

 private:
  double epsilon_;
  double root_size_;
  std::int64_t top_k_;
  Parameter* proj_;
  Parameter* scale_;
  Parameter* per_expert_scale_;
};

/// The mixture of experts that runs beside a layer's dense MLP.
class MixtureOfExperts {
 public:
  /// `s` is the layer's scope.
  MixtureOfExperts(const Scope& s, const TextSpec& spec);
  /// norm₁(dense) + norm₂(experts(norm(x))), where `x` is the residual stream in front of the MLP and `dense` what the
  /// MLP made of it. Both [tokens, hidden].
  Var operator()(Context& ctx, const Var& dense, const Var& x) const;

 private:
  Router router_;
  Experts experts_;
  RmsNorm post_feedforward_layernorm_1_, post_feedforward_layernorm_2_, pre_feedforward_layernorm_2_;
};

}  // namespace eft::gemma4
