#include "train/optimizers/adamw.h"

#include "ops/adamw/adamw.h"

namespace eft {

Adamw::Adamw(ParameterStore& store, Pool& pool, const OptimizerOptions& options)
    : Optimizer(store, options), options_(options), first_(zeros(pool)), second_(zeros(pool)) {}

void Adamw::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = adamw_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  std::vector<AdamwTensors> tensors;
  for (const auto& [member, update] : reached) {
    tensors.push_back({update, first_[member].view(), second_[member].view()});
  }
  kernels->update(ctx.stream,
                  {.beta1 = options_.adam_beta1,
                   .beta2 = options_.adam_beta2,
                   .epsilon = options_.adam_epsilon,
                   .step = steps(),
                   .gradient_scale = gradient_scale},
                  tensors);
}

NamedTensors Adamw::state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < members().size(); ++i) {
    state.emplace_back("first." + members()[i].parameter->name, first_[i]);
    state.emplace_back("second." + members()[i].parameter->name, second_[i]);
  }
  return state;
}

}  // namespace eft
