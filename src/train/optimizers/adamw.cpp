#include "train/optimizers/adamw.h"

#include "ops/adamw/adamw.h"

namespace eft {
namespace {

constexpr AdamDefaults kTorch{};
constexpr AdamDefaults kOptimi{.beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-6};

}  // namespace

AdamDefaults adam_settings(const OptimizerOptions& options, const AdamDefaults& defaults) {
  return {.beta1 = options.adam_beta1.value_or(defaults.beta1),
          .beta2 = options.adam_beta2.value_or(defaults.beta2),
          .epsilon = options.adam_epsilon.value_or(defaults.epsilon)};
}

Adamw::Adamw(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      settings_(adam_settings(options, options.kind == OptimizerKind::optimi_adamw ? kOptimi : kTorch)),
      first_(zeros(pool)),
      second_(zeros(pool)) {}

void Adamw::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = adamw_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  std::vector<AdamwTensors> tensors;
  for (const Reached& one : reached) {
    tensors.push_back({one.update, first_[one.member].view(), second_[one.member].view()});
  }
  kernels->update(ctx.stream,
                  {.beta1 = settings_.beta1,
                   .beta2 = settings_.beta2,
                   .epsilon = settings_.epsilon,
                   .step = steps(),
                   .gradient_scale = gradient_scale},
                  tensors);
}

NamedTensors Adamw::state_of(std::size_t member) const {
  return {{"first", first_[member]}, {"second", second_[member]}};
}

}  // namespace eft
