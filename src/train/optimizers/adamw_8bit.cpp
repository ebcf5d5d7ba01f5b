#include "train/optimizers/adamw_8bit.h"

#include "ops/adamw_8bit/adamw_8bit.h"

namespace eft {

Adamw8bit::Adamw8bit(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options)
    : Optimizer(std::move(groups)),
      settings_(adam_settings(options, {})),
      rounding_(options.kind == OptimizerKind::adamw_torch_8bit ? CodeRounding::torchao : CodeRounding::bitsandbytes) {
  for (const Member& member : members()) {
    const bool coded = keeps_codes(*member.parameter, rounding_);
    first_.emplace_back(*member.parameter, pool, coded);
    second_.emplace_back(*member.parameter, pool, coded);
  }
}

std::string_view Adamw8bit::kind() const {
  return rounding_ == CodeRounding::torchao ? "adamw_torch_8bit" : "adamw_8bit";
}

void Adamw8bit::update(Context& ctx, std::span<const Reached> reached, double gradient_scale) {
  const auto* coded_kernels = adamw_8bit_kernels.find(ctx.device());
  const auto* kernels = adamw_kernels.find(ctx.device());
  if (coded_kernels == nullptr || kernels == nullptr) return;
  std::vector<Adamw8bitTensors> coded;
  std::vector<AdamwTensors> whole;
  for (const Reached& one : reached) {
    MomentState &first = first_[one.member], &second = second_[one.member];
    if (first.coded()) {
      coded.push_back({one.update, first.view(), second.view()});
    } else {
      whole.push_back({one.update, first.whole(), second.whole()});
    }
  }
  const AdamwStep step{.beta1 = settings_.beta1,
                       .beta2 = settings_.beta2,
                       .epsilon = settings_.epsilon,
                       .step = steps(),
                       .gradient_scale = gradient_scale};
  coded_kernels->update(ctx.stream, step, rounding_, coded);
  kernels->update(ctx.stream, step, whole);
}

NamedTensors Adamw8bit::state_of(std::size_t member) const {
  NamedTensors state;
  first_[member].add_to(state, "first");
  second_[member].add_to(state, "second");
  return state;
}

}  // namespace eft
