#include "nn/merge.h"

#include <algorithm>
#include <string_view>

#include "ops/linear/linear.h"
#include "ops/scale/scale.h"

namespace eft {
namespace {

constexpr std::int64_t kRowsAtATime = 4096;

}  // namespace

std::map<std::string, AdaptedWeight> adapted_weights(ParameterStore& store, LinearPolicy& policy) {
  constexpr std::string_view kEnd = ".weight";
  std::map<std::string, AdaptedWeight> found;
  for (const Parameter& parameter : store) {
    if (parameter.is_adapter() || !parameter.module.ends_with(kEnd)) continue;
    const std::string module = parameter.module.substr(0, parameter.module.size() - kEnd.size());
    const Parameter* a = store.find(module + ".lora_A.weight");
    const Parameter* b = store.find(module + ".lora_B.weight");
    if (a == nullptr || b == nullptr) continue;
    found[parameter.name] = {a->name, b->name, policy.lora(module)->scale};
  }
  return found;
}

Tensor merged_weight(const Tensor& base, const Tensor& a, const Tensor& b, double scale) {
  const DType accumulator = accumulator_of(base.dtype());
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor merged(pool, Category::workspace, base.dtype(), base.shape());
  const Tensor down = cast(pool, Category::workspace, a, accumulator);
  const Tensor up = eft::scale(ctx, Var(cast(pool, Category::workspace, b, accumulator)), Var(), scale).value();
  const auto* products = linear_kernels.find(Device::cpu);
  for (std::int64_t row = 0; row < base.shape()[0]; row += kRowsAtATime) {
    const std::int64_t end = std::min(row + kRowsAtATime, base.shape()[0]);
    Tensor sum(pool, Category::workspace, accumulator, {end - row, base.shape()[1]});
    convert(base.slice(row, end), sum);
    // The gradient of a linear's input is a plain product: sum += up·down.
    products->backward_input(ctx.stream, up.slice(row, end).const_view(), down.const_view(), {sum.view(), true});
    Tensor target = merged.slice(row, end);
    convert(sum, target);
  }
  return merged;
}

}  // namespace eft
