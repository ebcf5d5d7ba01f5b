#include "nn/merge.h"

#include <algorithm>
#include <string_view>

#include "ops/linear/linear.h"
#include "ops/scale/scale.h"

namespace eft {
namespace {

constexpr std::int64_t kRowsAtATime = 4096;

/// base + scale·B·A of matrices.
Tensor merged_matrix(const Tensor& base, const Tensor& a, const Tensor& b, double scale) {
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

/// The [out, rank] matrix of one expert in PEFT's [out, rank·experts].
Tensor matrix_of_expert(Pool& pool, const Tensor& b, std::int64_t expert, std::int64_t experts) {
  const std::int64_t count = b.elements() / experts;
  Tensor own(pool, Category::workspace, b.dtype(), {b.shape()[0], b.shape()[1] / experts});
  dispatch(b.dtype(), [&](auto tag) {
    using T = decltype(tag);
    for (std::int64_t i = 0; i < count; ++i) own.data<T>()[i] = b.data<T>()[i * experts + expert];
  });
  return own;
}

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
  for (const LinearPolicy::OfParameter& of : policy.of_parameters()) {
    const Parameter* a = store.find(of.adapter + ".lora_A.weight");
    const Parameter* b = store.find(of.adapter + ".lora_B.weight");
    found[store.find(of.parameter)->name] = {a->name, b->name, of.scale};
  }
  return found;
}

Tensor merged_weight(const Tensor& base, const Tensor& a, const Tensor& b, double scale) {
  const Shape& shape = base.shape();
  if (shape.rank() == 2) return merged_matrix(base, a, b, scale);
  const std::int64_t rank = a.shape()[0] / shape[0];
  Pool pool(Device::cpu);
  const Tensor up = cast(pool, Category::workspace, b, accumulator_of(base.dtype()));
  Tensor merged(pool, Category::workspace, base.dtype(), shape);
  for (std::int64_t e = 0; e < shape[0]; ++e) {
    const Tensor own = merged_matrix(base.slice(e, e + 1).reshape({shape[1], shape[2]}),
                                     a.slice(e * rank, (e + 1) * rank), matrix_of_expert(pool, up, e, shape[0]), scale);
    Tensor target = merged.slice(e, e + 1);
    convert(own, target);
  }
  return merged;
}

}  // namespace eft
