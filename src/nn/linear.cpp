#include "nn/linear.h"

#include <utility>

#include "ops/add_bias/add_bias.h"
#include "ops/dropout/dropout.h"
#include "ops/linear/linear.h"
#include "ops/low_rank/low_rank.h"
#include "ops/sparse_linear/sparse_linear.h"

namespace eft {

Lora::Lora(const Scope& s, std::int64_t in, std::int64_t out, LoraSettings settings)
    : settings_(settings),
      a_(&s.parameter("lora_A.weight", {settings.rank, in})),
      b_(&s.parameter("lora_B.weight", {out, settings.rank}, Init::zeros)) {
  for (Parameter* parameter : {a_, b_}) {
    parameter->category = Category::adapters;
    parameter->name = kPeftPrefix + parameter->module;  // PEFT's name for it
  }
}

Var Lora::add_to(Context& ctx, Var base, const Var& x) const {
  return low_rank(ctx, std::move(base), dropout(ctx, x, settings_.dropout), a_->var(), b_->var(), settings_.scale);
}

Linear::Linear(const Scope& s, std::int64_t in, std::int64_t out, LinearOptions options)
    : weight_(&s.weight("weight", {out, in})), bias_trains_(options.bias_trains) {
  if (options.bias) bias_ = &s.parameter("bias", {out}, Init::zeros);
  if (const auto settings = s.policy().lora(s.module())) lora_.emplace(s, in, out, *settings);
}

Var Lora::linear_with(Context& ctx, const Var& x, const Weight& weight) const {
  if (ctx.training && settings_.dropout > 0) {
    Var base = linear(ctx, x, weight);
    return ctx.adapters ? add_to(ctx, std::move(base), x) : base;
  }
  // Left off, the term is zero but there: the sums run in the same order with it and without, so that a fresh adapter
  // and none give the same bits in every precision.
  return linear_with_low_rank(ctx, x, weight, a_->var(), b_->var(), ctx.adapters ? settings_.scale : 0);
}

Var Linear::operator()(Context& ctx, const Var& x) const {
  Var y = lora_ ? lora_->linear_with(ctx, x, weight_->weight()) : linear(ctx, x, weight_->weight());
  if (bias_ == nullptr) return y;
  return add_bias(ctx, std::move(y), bias_trains_ ? bias_->var() : Var(bias_->value));
}

Var Linear::to_pattern(Context& ctx, const Var& x, const Var& pattern) const {
  return adapted(ctx, linear_to_pattern(ctx, x, weight_->weight(), pattern), x);
}

Var Linear::from_pattern(Context& ctx, const Var& x, const Var& pattern) const {
  return adapted(ctx, linear_from_pattern(ctx, x, weight_->weight(), pattern), x);
}

Var Linear::adapted(Context& ctx, Var base, const Var& x) const {
  return lora_ && ctx.adapters ? lora_->add_to(ctx, std::move(base), x) : base;
}

}  // namespace eft
