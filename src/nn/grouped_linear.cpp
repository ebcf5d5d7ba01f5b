#include "nn/grouped_linear.h"

#include <utility>

#include "ops/grouped_linear/grouped_linear.h"
#include "ops/grouped_low_rank/grouped_low_rank.h"

namespace eft {

GroupedLora::GroupedLora(const Scope& s, const Shape& weight, LoraSettings settings)
    : settings_(settings),
      a_(&s.parameter("lora_A.weight", {weight[0] * settings.rank, weight[2]})),
      b_(&s.parameter("lora_B.weight", {weight[1], settings.rank * weight[0]}, Init::zeros)) {
  for (Parameter* parameter : {a_, b_}) {
    parameter->category = Category::adapters;
    parameter->name = kPeftPrefix + parameter->module;  // PEFT's name for it
  }
}

Var GroupedLora::add_to(Context& ctx, Var base, const Var& x, const Tensor& offsets) const {
  return grouped_low_rank(ctx, std::move(base), x, a_->var(), b_->var(), offsets, settings_.scale);
}

GroupedLinear::GroupedLinear(const Scope& s, std::string_view name, Shape weight, const Scope& adapter)
    : weight_(&s.weight(name, weight)) {
  if (const auto settings = s.policy().lora_of_parameter(weight_->module, adapter.module())) {
    lora_.emplace(adapter, weight, *settings);
  }
}

Var GroupedLinear::operator()(Context& ctx, const Var& x, const Tensor& offsets) const {
  Var y = grouped_linear(ctx, x, weight_->weight(), offsets);
  return lora_ && ctx.adapters ? lora_->add_to(ctx, std::move(y), x, offsets) : y;
}

}  // namespace eft
