#include "ops/embedding/embedding.h"
#include "ops/support/kernel_list.h"

#include <vector>

namespace eft {
namespace {

double rounded(double value, DType dtype) {
  if (dtype == DType::f64) return value;
  const float single = static_cast<float>(value);
  return dtype == DType::bf16 ? static_cast<double>(BFloat16(single)) : static_cast<double>(single);
}

void check_ids(std::span<const std::int32_t> ids, std::int64_t size) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= size) {
      throw DataError("token {}: id {} is outside the vocabulary of {}; does the tokenizer belong to this model?", i,
                      ids[i], size);
    }
  }
}

}  // namespace

Var embedding(Context& ctx, const Var& table, std::span<const std::int32_t> ids, DType dtype,
              EmbeddingOptions options) {
  check_ids(ids, table.shape()[0]);
  const double factor = rounded(options.scale, dtype);
  Tensor y = ctx.output(dtype, {static_cast<std::int64_t>(ids.size()), table.shape()[1]});
  if (const auto* kernels = embedding_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, table.view(), ids, factor, y.view());
  }
  return ctx.result(
      "embedding", y, {&table},
      [table, factor, options, kept = std::vector(ids.begin(), ids.end())](Context& backward_ctx, Tensor& dy) {
        const GradView dtable = table.grad_target(*backward_ctx.pool);
        if (const auto* kernels = embedding_kernels.find(backward_ctx.device())) {
          kernels->backward(backward_ctx.stream, dy.view(), kept, factor, options.padding_id, dtable);
        }
      });
}

namespace {

const bool listed = list_kernels(
    embedding_kernels,
    timed<&EmbeddingKernels::forward>("forward", [](Stream, const WeightView&, std::span<const std::int32_t>, double,
                                                    View y) { return copy_work(y); }),
    timed<&EmbeddingKernels::backward>("backward"));

}  // namespace
}  // namespace eft
