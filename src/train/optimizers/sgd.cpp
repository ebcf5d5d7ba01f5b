#include "train/optimizers/sgd.h"

#include "ops/sgd/sgd.h"

namespace eft {
namespace {

std::string state_name(const Parameter& parameter) { return "momentum." + parameter.name; }

}  // namespace

Sgd::Sgd(ParameterStore& store, Pool& pool, const OptimizerOptions& options)
    : Optimizer(store, options), options_(options.sgd), begun_(members().size(), false) {
  if (options_.momentum > 0) momentum_ = zeros(pool);
}

void Sgd::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = sgd_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  std::vector<SgdTensors> tensors;
  for (const auto& [member, update] : reached) {
    const View momentum = momentum_.empty() ? View() : momentum_[member].view();
    tensors.push_back({update, momentum, !begun_[member]});
    begun_[member] = true;
  }
  kernels->update(ctx.stream,
                  {.momentum = options_.momentum,
                   .dampening = options_.dampening,
                   .nesterov = options_.nesterov,
                   .gradient_scale = gradient_scale},
                  tensors);
}

NamedTensors Sgd::state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < momentum_.size(); ++i) {
    if (begun_[i]) state.emplace_back(state_name(*members()[i].parameter), momentum_[i]);
  }
  return state;
}

void Sgd::restore(const Safetensors& file, std::int64_t steps) {
  for (std::size_t i = 0; i < members().size(); ++i) {
    begun_[i] = file.contains(state_name(*members()[i].parameter));
  }
  Optimizer::restore(file, steps);
}

}  // namespace eft
