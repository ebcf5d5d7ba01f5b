#include "train/optimizers/came.h"

#include "train/optimizers/apply_direction.h"

namespace eft {

Came::Came(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      beta1_(options.adam_beta1.value_or(0.9)),
      beta2_(options.adam_beta2.value_or(0.999)),
      beta3_(options.adam_beta3.value_or(0.9999)),
      epsilon_(options.adam_epsilon.value_or(1e-30)),
      epsilon2_(options.adam_epsilon2.value_or(1e-16)),
      threshold_(options.args.clip_threshold.value_or(1)),
      first_(zeros(pool)) {
  for (const Member& member : members()) {
    second_.emplace_back(*member.parameter, pool);
    instability_.emplace_back(*member.parameter, pool);
  }
}

void Came::direct(Context& ctx, std::size_t member, double gradient_scale) {
  const auto& kernels = *factored_kernels.find(ctx.device());
  const View direction = gradient_of(member), first = first_[member].view();
  FactoredState &second = second_[member], &instability = instability_[member];
  kernels.add(ctx.stream, {.beta = beta2_, .epsilon = epsilon_, .scale = gradient_scale}, direction, {},
              second.rows.view(), second.columns.view());
  kernels.precondition(ctx.stream, direction, gradient_scale, second.rows.view(), second.columns.view(), direction);
  kernels.clip(ctx.stream, direction, threshold_);
  kernels.average(ctx.stream, beta1_, direction, first);
  if (shape_of(member).rank() > 1) {
    kernels.add(ctx.stream, {.beta = beta3_, .epsilon = epsilon2_}, direction, first, instability.rows.view(),
                instability.columns.view());
    kernels.precondition(ctx.stream, first, 1, instability.rows.view(), instability.columns.view(), direction);
  } else {
    kernels.average(ctx.stream, 0, first, direction);
  }
}

void Came::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  if (factored_kernels.find(ctx.device()) == nullptr) return;
  std::vector<SgdTensors> directions;
  for (const Reached& one : reached) {
    direct(ctx, one.member, gradient_scale);
    directions.push_back({one.update});
  }
  apply_directions(ctx, directions);
}

NamedTensors Came::state_of(std::size_t member) const {
  NamedTensors state{{"first", first_[member]}};
  second_[member].add_to(state, "second");
  instability_[member].add_to(state, "instability");
  return state;
}

}  // namespace eft
