#include "train/optimizers/optimizer.h"

#include <algorithm>
#include <cmath>

#include "ops/adamw/adamw.h"

namespace eft {

bool is_norm(std::string_view name) {
  const auto contains = [](std::string_view text, std::string_view part) { return text.find(part) != text.npos; };
  if (contains(name, "layernorm") || contains(name, "rmsnorm") || contains(name, "bias")) return true;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('.'));
    if (part == "norm" || part.ends_with("_norm")) return true;
    name.remove_prefix(std::min(name.size(), part.size() + 1));
  }
  return false;
}

Adamw::Adamw(ParameterStore& store, Pool& pool, AdamwOptions options) : options_(options) {
  for (Parameter& parameter : store) {
    if (!parameter.trainable()) continue;
    State state{&parameter, Tensor(pool, Category::optimizer, parameter.grad->dtype, parameter.shape),
                Tensor(pool, Category::optimizer, parameter.grad->dtype, parameter.shape),
                options.weight_decay == 0 || options.decay_norms || !is_norm(parameter.name)};
    zero(state.first);
    zero(state.second);
    states_.push_back(std::move(state));
  }
}

double Adamw::gradient_norm(Context& ctx) const {
  const auto* kernels = adamw_kernels.find(ctx.device());
  if (kernels == nullptr) return 0;
  std::vector<ConstView> gradients;
  for (const State& state : states_) {
    const GradSlot& grad = *state.parameter->grad;
    if (grad.filled) gradients.push_back(grad.tensor.const_view());
  }
  return std::sqrt(kernels->squared_norm(ctx.stream, gradients));
}

void Adamw::step(Context& ctx, double learning_rate, double gradient_scale) {
  const auto* kernels = adamw_kernels.find(ctx.device());
  ++steps_;
  std::vector<AdamwTensors> decayed, others;
  for (State& state : states_) {
    Parameter& parameter = *state.parameter;
    if (!parameter.grad->filled) continue;
    parameter.grad->filled = false;
    Tensor& exact = parameter.master ? parameter.master : parameter.value;
    (state.decays ? decayed : others)
        .push_back({.gradient = parameter.grad->tensor.const_view(),
                    .exact = exact.view(),
                    .first = state.first.view(),
                    .second = state.second.view(),
                    .rounded = parameter.master ? parameter.value.view() : View(),
                    .clip = parameter.clip});
  }
  if (kernels == nullptr) return;
  const auto update = [&](std::span<const AdamwTensors> tensors, double weight_decay) {
    if (tensors.empty()) return;
    kernels->update(ctx.stream,
                    {.learning_rate = learning_rate,
                     .beta1 = options_.beta1,
                     .beta2 = options_.beta2,
                     .epsilon = options_.epsilon,
                     .weight_decay = weight_decay,
                     .step = steps_,
                     .gradient_scale = gradient_scale},
                    tensors);
  };
  update(decayed, options_.weight_decay);
  update(others, 0.0);
}

void Adamw::discard_gradients() {
  for (State& state : states_) state.parameter->grad->filled = false;
}

NamedTensors Adamw::state() const {
  NamedTensors tensors;
  for (const State& state : states_) {
    tensors.emplace_back("first." + state.parameter->name, state.first);
    tensors.emplace_back("second." + state.parameter->name, state.second);
  }
  return tensors;
}

void Adamw::restore(const Safetensors& file, std::int64_t steps) {
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

double clip_factor(double norm, double max_norm) {
  return max_norm > 0 ? std::min(1.0, max_norm / (norm + 1e-6)) : 1.0;
}

}  // namespace eft
