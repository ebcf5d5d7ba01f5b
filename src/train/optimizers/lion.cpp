#include "train/optimizers/lion.h"

#include "ops/lion/lion.h"

namespace eft {

// Transformers passes the run's betas, so that the second is 0.999 where it is left out, not Lion's own 0.99.
Lion::Lion(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      beta1_(options.adam_beta1.value_or(0.9)),
      beta2_(options.adam_beta2.value_or(0.999)),
      coded_(options.kind == OptimizerKind::lion_8bit) {
  for (const Member& member : members()) {
    const bool coded = coded_ && keeps_codes(*member.parameter, CodeRounding::bitsandbytes);
    moment_.emplace_back(*member.parameter, pool, coded);
  }
}

void Lion::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = lion_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  std::vector<LionTensors> whole, coded;
  for (const Reached& one : reached) {
    MomentState& moment = moment_[one.member];
    if (moment.coded()) {
      coded.push_back({.parameter = one.update, .coded = moment.view()});
    } else {
      whole.push_back({.parameter = one.update, .moment = moment.whole()});
    }
  }
  const LionStep step{.beta1 = beta1_, .beta2 = beta2_, .gradient_scale = gradient_scale};
  kernels->update(ctx.stream, step, whole);
  kernels->update_coded(ctx.stream, step, coded);
}

NamedTensors Lion::state_of(std::size_t member) const {
  NamedTensors state;
  moment_[member].add_to(state, "first");
  return state;
}

}  // namespace eft
