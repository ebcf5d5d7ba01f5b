#include "nn/layers.h"

#include "ops/gaussian_topk/gaussian_topk.h"
#include "ops/geglu/geglu.h"
#include "ops/layer_norm/layer_norm.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/sparse_linear/sparse_linear.h"

namespace eft {

RmsNorm::RmsNorm(const Scope& s, std::int64_t width, double epsilon, double offset)
    : weight_(&s.parameter("weight", {width}, offset == 0.0 ? Init::ones : Init::zeros)),
      epsilon_(epsilon),
      offset_(offset) {}

Var RmsNorm::operator()(Context& ctx, const Var& x) const {
  return rms_norm(ctx, x, weight_->var(), {.epsilon = epsilon_, .weight_offset = offset_});
}

Var RmsNorm::add_to(Context& ctx, const Var& residual, const Var& x) const {
  return add_rms_norm(ctx, residual, x, weight_->var(), {.epsilon = epsilon_, .weight_offset = offset_});
}

Var RmsNorm::rotated(Context& ctx, const Var& x, const Tensor& table) const {
  return rms_norm_rotary(ctx, x, weight_->var(), table, {.epsilon = epsilon_, .weight_offset = offset_});
}

LayerNorm::LayerNorm(const Scope& s, std::int64_t width, double epsilon)
    : weight_(&s.parameter("weight", {width}, Init::ones)),
      bias_(&s.parameter("bias", {width}, Init::zeros)),
      epsilon_(epsilon) {}

Var LayerNorm::operator()(Context& ctx, const Var& x) const {
  return layer_norm(ctx, x, weight_->var(), bias_->var(), epsilon_);
}

GatedMlp::GatedMlp(const Scope& s, std::int64_t hidden, std::int64_t intermediate, double sparsity)
    : gate_proj_(s / "gate_proj", hidden, intermediate),
      up_proj_(s / "up_proj", hidden, intermediate),
      down_proj_(s / "down_proj", intermediate, hidden),
      sparsity_(sparsity) {}

Var GatedMlp::operator()(Context& ctx, const Var& x) const {
  Var gate = gate_proj_(ctx, x);
  if (sparsity_ > 0) gate = gaussian_topk(ctx, gate, sparsity_);
  if (!gains_from_zeros(ctx, sparsity_)) return down_proj_(ctx, geglu(ctx, gate, up_proj_(ctx, x)));
  // Where the gate is zero, so is the product, whatever up is; and gaussian_topk passes no gradient on.
  const Var product = geglu(ctx, gate, up_proj_.to_pattern(ctx, x, gate));
  return down_proj_.from_pattern(ctx, product, gate);
}

}  // namespace eft
