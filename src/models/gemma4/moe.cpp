#include "models/gemma4/moe.h"

#include <cmath>

#include "ops/linear/linear.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/scale/scale.h"

namespace eft::gemma4 {
namespace {

/// The experts of the layer at `s`, under the checkpoint's name for them.
Scope experts_scope(const Scope& s, const TextSpec& spec) {
  return {s.store(), s.policy(), (s / spec.experts_path).path(), (s / "experts").module()};
}

/// Previews kept the router's scale of each expert with the experts.
Scope per_expert_scope(const Scope& s, const TextSpec& spec) {
  const bool preview = std::string_view(spec.experts_path) != "experts";
  return {s.store(), s.policy(), (preview ? s / spec.experts_path : s / "router").path(), (s / "router").module()};
}

}  // namespace

Router::Router(const Scope& s, const Scope& per_expert, const TextSpec& spec)
    : epsilon_(spec.rms_norm_eps),
      root_size_(1.0 / std::sqrt(static_cast<double>(spec.hidden_size))),
      top_k_(spec.top_k_experts),
      proj_(&(s / "proj").parameter("weight", {spec.num_experts, spec.hidden_size})),
      scale_(&s.parameter("scale", {spec.hidden_size}, Init::ones)),
      per_expert_scale_(&per_expert.parameter("per_expert_scale", {spec.num_experts}, Init::ones)) {
  constexpr const char* kReason = "a router is trained whole or not at all";
  for (const std::string& name :
       {s.module(), (s / "proj").module(), proj_->module, scale_->module, per_expert_scale_->module}) {
    s.policy().leave_plain(name, kReason);
  }
}

GateResult Router::operator()(Context& ctx, const Var& x) const {
  const Var normed = rms_norm(ctx, x, scale_->var(), {.epsilon = epsilon_});
  const Var logits = scale(ctx, linear(ctx, normed, proj_->var()), Var(), root_size_);
  return moe_gate(ctx, logits, per_expert_scale_->var(), top_k_);
}

MixtureOfExperts::MixtureOfExperts(const Scope& s, const TextSpec& spec)
    : router_(s / "router", per_expert_scope(s, spec), spec),
      experts_(experts_scope(s, spec), {spec.num_experts, spec.hidden_size, spec.moe_intermediate_size}),
      post_feedforward_layernorm_1_(s / "post_feedforward_layernorm_1", spec.hidden_size, spec.rms_norm_eps),
      post_feedforward_layernorm_2_(s / "post_feedforward_layernorm_2", spec.hidden_size, spec.rms_norm_eps),
      pre_feedforward_layernorm_2_(s / "pre_feedforward_layernorm_2", spec.hidden_size, spec.rms_norm_eps) {}

Var MixtureOfExperts::operator()(Context& ctx, const Var& dense, const Var& x) const {
  const Var mixed = experts_(ctx, pre_feedforward_layernorm_2_(ctx, x), router_(ctx, x));
  return post_feedforward_layernorm_2_.add_to(ctx, post_feedforward_layernorm_1_(ctx, dense), mixed);
}

}  // namespace eft::gemma4
