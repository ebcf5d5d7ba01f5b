#include "train/optimizers/adopt.h"

#include <cmath>

#include "ops/adopt/adopt.h"

namespace eft {
namespace {

constexpr AdamDefaults kDefaults{.beta1 = 0.9, .beta2 = 0.9999, .epsilon = 1e-6};
constexpr double kClipPower = 0.25;  ///< of the number of updates before

}  // namespace

Adopt::Adopt(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      settings_(adam_settings(options, kDefaults)),
      first_(zeros(pool)),
      second_(zeros(pool)) {}

void Adopt::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = adopt_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  std::vector<AdoptTensors> tensors;
  for (const auto& [member, update, first] : reached) {
    tensors.push_back({update, first_[member].view(), second_[member].view(), first});
  }
  kernels->update(ctx.stream,
                  {.beta1 = settings_.beta1,
                   .beta2 = settings_.beta2,
                   .epsilon = settings_.epsilon,
                   .clip = std::pow(static_cast<double>(steps() - 1), kClipPower),
                   .gradient_scale = gradient_scale},
                  tensors);
}

NamedTensors Adopt::state_of(std::size_t member) const {
  return {{"first", first_[member]}, {"second", second_[member]}};
}

}  // namespace eft
