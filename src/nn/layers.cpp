#include "nn/layers.h"

#include "ops/gaussian_topk/gaussian_topk.h"
#include "ops/geglu/geglu.h"
#include "ops/rms_norm/rms_norm.h"

namespace eft {

RmsNorm::RmsNorm(const Scope& s, std::int64_t width, double epsilon, double offset)
    : weight_(&s.parameter("weight", {width}, offset == 0.0 ? Init::ones : Init::zeros)),
      epsilon_(epsilon),
      offset_(offset) {}

Var RmsNorm::operator()(Context& ctx, const Var& x) const {
  return rms_norm(ctx, x, weight_->var(), {.epsilon = epsilon_, .weight_offset = offset_});
}

GatedMlp::GatedMlp(const Scope& s, std::int64_t hidden, std::int64_t intermediate, double sparsity)
    : gate_proj_(s / "gate_proj", hidden, intermediate),
      up_proj_(s / "up_proj", hidden, intermediate),
      down_proj_(s / "down_proj", intermediate, hidden),
      sparsity_(sparsity) {}

Var GatedMlp::operator()(Context& ctx, const Var& x) const {
  Var gate = gate_proj_(ctx, x);
  if (sparsity_ > 0) gate = gaussian_topk(ctx, gate, sparsity_);
  return down_proj_(ctx, geglu(ctx, gate, up_proj_(ctx, x)));
}

}  // namespace eft
