#include "train/optimizers/sgd.h"

#include "ops/sgd/sgd.h"

namespace eft {

Sgd::Sgd(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      momentum_factor_(options.args.momentum.value_or(0)),
      dampening_(options.args.dampening.value_or(0)),
      nesterov_(options.args.nesterov.value_or(false)) {
  if (momentum_factor_ > 0) momentum_ = zeros(pool);
}

void Sgd::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = sgd_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  std::vector<SgdTensors> tensors;
  for (const auto& [member, update, first] : reached) {
    tensors.push_back({update, momentum_.empty() ? View() : momentum_[member].view(), first});
  }
  kernels->update(
      ctx.stream,
      {.momentum = momentum_factor_, .dampening = dampening_, .nesterov = nesterov_, .gradient_scale = gradient_scale},
      tensors);
}

NamedTensors Sgd::state_of(std::size_t member) const {
  if (momentum_.empty()) return {};
  return {{"momentum", momentum_[member]}};
}

}  // namespace eft
