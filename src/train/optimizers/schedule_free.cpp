#include "train/optimizers/schedule_free.h"

#include <algorithm>
#include <cmath>

namespace eft {

ScheduleFreeAdamw::ScheduleFreeAdamw(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      settings_(adam_settings(options, {})),
      warmup_(options.own_warmup),
      rate_power_(options.args.weight_lr_power.value_or(2)),
      step_power_(options.args.r.value_or(0)),
      base_(zeros(pool)),
      second_(zeros(pool)) {
  for (std::size_t i = 0; i < members().size(); ++i) {
    Parameter& parameter = *members()[i].parameter;
    convert(parameter.exact(), base_[i]);
    average_.push_back(parameter.master);
    if (average_[i]) continue;
    average_[i] = Tensor(pool, Category::optimizer, base_[i].dtype(), base_[i].shape());
    convert(parameter.value, average_[i]);
  }
}

double ScheduleFreeAdamw::warmth(std::int64_t step) const {
  return step < warmup_ ? static_cast<double>(step) / static_cast<double>(warmup_) : 1;
}

double ScheduleFreeAdamw::weight(std::int64_t step) const {
  return std::pow(static_cast<double>(step), step_power_) * std::pow(warmth(step), rate_power_);
}

ScheduleFreeTensors ScheduleFreeAdamw::tensors_of(std::size_t member) {
  Parameter& parameter = *members()[member].parameter;
  return {.gradient = parameter.grad->tensor ? parameter.grad->tensor.const_view() : ConstView(),
          .average = average_[member].view(),
          .base = base_[member].view(),
          .second = second_[member].view(),
          .value = parameter.value.view(),
          .clip = parameter.clip};
}

void ScheduleFreeAdamw::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* kernels = schedule_free_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  std::vector<ScheduleFreeTensors> tensors;
  for (const Reached& one : reached) {
    tensors.push_back(tensors_of(one.member));
    tensors.back().learning_rate = one.update.learning_rate * warmth(steps());
    tensors.back().weight_decay = one.update.weight_decay;
  }
  weight_sum_ += weight(steps());
  kernels->update(ctx.stream,
                  {.beta1 = settings_.beta1,
                   .beta2 = settings_.beta2,
                   .epsilon = settings_.epsilon,
                   .step = steps(),
                   .share = weight(steps()) / weight_sum_,
                   .gradient_scale = gradient_scale},
                  tensors);
}

NamedTensors ScheduleFreeAdamw::state_of(std::size_t member) const {
  NamedTensors state{{"base", base_[member]}, {"second", second_[member]}};
  if (!members()[member].parameter->master) state.emplace_back("average", average_[member]);
  return state;
}

void ScheduleFreeAdamw::restore(const Safetensors& file, std::int64_t steps) {
  Optimizer::restore(file, steps);
  weight_sum_ = 0;
  for (std::int64_t step = 1; step <= steps; ++step) weight_sum_ += weight(step);
}

void ScheduleFreeAdamw::show_result() {
  for (std::size_t i = 0; i < members().size(); ++i) {
    if (members()[i].begun) convert(average_[i], members()[i].parameter->value);
  }
}

void ScheduleFreeAdamw::show_training(Stream stream) {
  const auto* kernels = base_.empty() ? nullptr : schedule_free_kernels.find(base_[0].device());
  if (kernels == nullptr) return;
  std::vector<ScheduleFreeTensors> tensors;
  for (std::size_t i = 0; i < members().size(); ++i) {
    if (members()[i].begun) tensors.push_back(tensors_of(i));
  }
  kernels->show(stream, settings_.beta1, tensors);
}

}  // namespace eft
