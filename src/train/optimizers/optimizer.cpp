#include "train/optimizers/optimizer.h"

namespace eft {

Optimizer::Optimizer(ParameterStore& store, const OptimizerOptions& options) {
  for (Parameter& parameter : store) {
    if (parameter.trainable()) members_.push_back({&parameter, update_rule(parameter, options)});
  }
}

void Optimizer::step(Context& ctx, double learning_rate, double gradient_scale) {
  ++steps_;
  std::vector<Reached> reached;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Parameter& parameter = *members_[i].parameter;
    if (!parameter.grad->filled) continue;
    parameter.grad->filled = false;
    Tensor& exact = parameter.master ? parameter.master : parameter.value;
    reached.push_back({i,
                       {.gradient = parameter.grad->tensor.const_view(),
                        .exact = exact.view(),
                        .rounded = parameter.master ? parameter.value.view() : View(),
                        .clip = parameter.clip,
                        .learning_rate = learning_rate * members_[i].rule.rate_factor,
                        .weight_decay = members_[i].rule.weight_decay}});
  }
  update(ctx, reached, gradient_scale);
}

void Optimizer::restore(const Safetensors& file, std::int64_t steps) {
  for (auto& [name, tensor] : state()) {
    const Tensor stored = file.tensor(name);
    if (stored.shape() != tensor.shape()) {
      throw FileError("{}: {} is {}, expected {}", file.path().string(), name, to_string(stored.shape()),
                      to_string(tensor.shape()));
    }
    convert(stored, tensor);
  }
  steps_ = steps;
}

std::vector<Tensor> Optimizer::zeros(Pool& pool) const {
  std::vector<Tensor> tensors;
  for (const Member& member : members_) {
    tensors.emplace_back(pool, Category::optimizer, member.parameter->grad->dtype, member.parameter->shape);
    zero(tensors.back());
  }
  return tensors;
}

}  // namespace eft
