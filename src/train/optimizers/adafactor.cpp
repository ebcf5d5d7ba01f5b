#include "train/optimizers/adafactor.h"

#include <cmath>

#include "train/optimizers/apply_direction.h"

namespace eft {
namespace {

constexpr double kDecay = -0.8;     ///< of the mean's share, as a power of the step
constexpr double kEpsilon = 1e-30;  ///< added to squares
constexpr double kThreshold = 1;    ///< largest root mean square of an update

}  // namespace

Adafactor::Adafactor(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions&)
    : Optimizer(std::move(groups)) {
  for (const Member& member : members()) second_.emplace_back(*member.parameter, pool);
}

void Adafactor::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = factored_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  const double beta = 1 - std::pow(static_cast<double>(steps()), kDecay);
  std::vector<SgdTensors> directions;
  for (const Reached& one : reached) {
    const View gradient = gradient_of(one.member);
    FactoredState& second = second_[one.member];
    kernels->add(ctx.stream, {.beta = beta, .epsilon = kEpsilon, .scale = gradient_scale}, gradient, {},
                 second.rows.view(), second.columns.view());
    kernels->precondition(ctx.stream, gradient, gradient_scale, second.rows.view(), second.columns.view(), gradient);
    kernels->clip(ctx.stream, gradient, kThreshold);
    directions.push_back({one.update});
  }
  apply_directions(ctx, directions);
}

NamedTensors Adafactor::state_of(std::size_t member) const {
  NamedTensors state;
  second_[member].add_to(state, "second");
  return state;
}

}  // namespace eft
