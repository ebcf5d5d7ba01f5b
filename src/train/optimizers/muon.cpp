#include "train/optimizers/muon.h"

#include <algorithm>
#include <cmath>

#include "ops/adamw/adamw.h"
#include "ops/factored/factored.h"
#include "ops/muon/muon.h"
#include "train/optimizers/apply_direction.h"

namespace eft {
namespace {

constexpr AdamDefaults kAdam{.beta1 = 0.95, .beta2 = 0.95, .epsilon = 1e-8};
constexpr double kRateShare = 0.2;  ///< brings an update to the size of AdamW's

bool is_matrix(const Parameter& parameter) { return parameter.shape.rank() > 1 && !is_embedding_like(parameter); }

/// The matrices of a tensor, one behind the other.
Tensor as_matrices(const Tensor& tensor) {
  const FactoredShape shape(tensor.shape());
  return tensor.reshape({shape.matrices * shape.rows, shape.columns});
}

}  // namespace

Muon::Muon(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      adam_(adam_settings(options, kAdam)),
      momentum_factor_(options.args.momentum.value_or(0.95)),
      nesterov_(options.args.nesterov.value_or(true)),
      newton_schulz_steps_(options.args.ns_steps.value_or(5)),
      first_(zeros(pool)) {
  for (std::size_t i = 0; i < members().size(); ++i) {
    Tensor second;
    if (!is_matrix(*members()[i].parameter)) {
      second = Tensor(pool, Category::optimizer, first_[i].dtype(), first_[i].shape());
      zero(second);
    }
    second_.push_back(second);
  }
}

void Muon::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  std::vector<AdamwTensors> others;
  for (const Reached& one : reached) {
    if (second_[one.member]) {
      others.push_back({one.update, first_[one.member].view(), second_[one.member].view()});
    } else {
      move(ctx, one, gradient_scale);
    }
  }
  const auto* kernels = adamw_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  // Its ε is added to the root before the bias is corrected.
  const double correction = std::sqrt(1 - std::pow(adam_.beta2, static_cast<double>(steps())));
  kernels->update(ctx.stream,
                  {.beta1 = adam_.beta1,
                   .beta2 = adam_.beta2,
                   .epsilon = adam_.epsilon / correction,
                   .step = steps(),
                   .gradient_scale = gradient_scale},
                  others);
}

void Muon::move(Context& ctx, const Reached& one, double gradient_scale) {
  const Shape& shape = shape_of(one.member);
  const FactoredShape matrix(shape);
  Tensor direction = members()[one.member].parameter->grad->tensor;
  if (const auto* kernels = muon_kernels.find(ctx.device())) {
    kernels->momentum(ctx.stream, momentum_factor_, nesterov_, gradient_scale, direction.view(),
                      first_[one.member].view());
  }
  const Tensor rows = as_matrices(direction);
  for (std::int64_t k = 0; k < matrix.matrices; ++k) {
    Tensor each = rows.slice(k * matrix.rows, (k + 1) * matrix.rows);
    orthogonalise(ctx, each, newton_schulz_steps_);
  }
  // The rate is scaled, the decay is not.
  const double share = kRateShare * std::sqrt(static_cast<double>(std::max(matrix.rows, matrix.columns)));
  SgdTensors tensors{one.update};
  tensors.parameter.learning_rate *= share;
  tensors.parameter.weight_decay /= share;
  apply_directions(ctx, {&tensors, 1});
}

NamedTensors Muon::state_of(std::size_t member) const {
  if (!second_[member]) return {{"momentum", first_[member]}};
  return {{"first", first_[member]}, {"second", second_[member]}};
}

}  // namespace eft
