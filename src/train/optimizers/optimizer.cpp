#include "train/optimizers/optimizer.h"

#include <set>

namespace eft {
namespace {

std::string state_name(const std::string& word, const Parameter& parameter) { return word + '.' + parameter.name; }

/// Copies what a checkpoint holds under `name` into `tensor`, bit for bit.
void restore_tensor(const Safetensors& file, const std::string& name, Tensor& tensor) {
  const Tensor stored = file.tensor(name);
  if (stored.shape() != tensor.shape() || (stored.dtype() == DType::u8) != (tensor.dtype() == DType::u8)) {
    throw FileError("{}: {} is {} {}, expected {} {}", file.path().string(), name, name_of(stored.dtype()),
                    to_string(stored.shape()), name_of(tensor.dtype()), to_string(tensor.shape()));
  }
  convert(stored, tensor);
}

}  // namespace

Optimizer::Optimizer(std::vector<ParameterGroup> groups) : groups_(std::move(groups)) {
  for (const ParameterGroup& group : groups_) {
    for (Parameter* parameter : group.members) members_.push_back({parameter, group.rate_factor, group.weight_decay});
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
    reached.push_back({.member = i,
                       .update = {.gradient = parameter.grad->tensor.const_view(),
                                  .exact = exact.view(),
                                  .rounded = parameter.master ? parameter.value.view() : View(),
                                  .clip = parameter.clip,
                                  .learning_rate = learning_rate * members_[i].rate_factor,
                                  .weight_decay = members_[i].weight_decay},
                       .first = !members_[i].begun});
    members_[i].begun = true;
  }
  update(ctx, reached, gradient_scale);
}

NamedTensors Optimizer::state() const {
  NamedTensors state;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i].begun) continue;
    for (auto& [word, tensor] : state_of(i)) state.emplace_back(state_name(word, *members_[i].parameter), tensor);
  }
  return state;
}

void Optimizer::restore(const Safetensors& file, std::int64_t steps) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Parameter& parameter = *members_[i].parameter;
    NamedTensors tensors = state_of(i);
    // What keeps no state begins anew with every step.
    members_[i].begun = tensors.empty() || file.contains(state_name(tensors.front().first, parameter));
    if (!members_[i].begun) continue;
    for (auto& [word, tensor] : tensors) {
      const std::string name = state_name(word, parameter);
      restore_tensor(file, name, tensor);
      taken.insert(name);
    }
  }
  for (const auto& [name, entry] : file.entries()) {
    if (name.starts_with("master.") || taken.contains(name)) continue;
    throw FileError("{}: {} belongs to no parameter that this run trains", file.path().string(), name);
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
