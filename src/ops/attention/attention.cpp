#include "ops/attention/attention.h"

namespace eft {
namespace {

void check_shapes(const Var& q, const Var& k, const Var& v, std::span<const AttentionSegment> segments) {
  expect(q.shape().rank() == 3 && k.shape().rank() == 3, "attention takes [tokens, heads, head_dim]");
  expect(k.shape() == v.shape() && k.shape()[2] == q.shape()[2], "keys and values of one shape and of q's head_dim");
  expect(q.shape()[1] % k.shape()[1] == 0, "query heads in equal groups");
  expect(q.dtype() == k.dtype() && q.dtype() == v.dtype(), "q, k and v of one dtype");
  std::int64_t covered = 0;
  for (const AttentionSegment& segment : segments) {
    expect(segment.query_begin == covered && segment.key_count >= segment.query_count && segment.key_begin >= 0 &&
               segment.key_begin + segment.key_count <= k.shape()[0],
           "segments in order that cover all queries, with a key for each");
    covered += segment.query_count;
  }
  expect(covered == q.shape()[0], "segments that cover all queries");
}

Tensor workspace_for(Context& ctx, const Var& q, const Var& k, std::span<const AttentionSegment> segments,
                     bool backward) {
  const auto* kernels = attention_kernels.peek(ctx.pool->imitated());
  const std::int64_t bytes =
      kernels != nullptr ? kernels->workspace_bytes(q.dtype(), q.shape(), k.shape(), segments, backward) : 0;
  return ctx.workspace(DType::u8, {bytes});
}

}  // namespace

Var attention(Context& ctx, const Var& q, const Var& k, const Var& v, std::vector<AttentionSegment> segments,
              AttentionOptions options) {
  check_shapes(q, k, v, segments);
  Tensor out = ctx.output(q.dtype(), q.shape());
  Tensor lse = ctx.output(accumulator_of(q.dtype()), {q.shape()[0], q.shape()[1]});
  Tensor forward_space = workspace_for(ctx, q, k, segments, false);
  if (const auto* kernels = attention_kernels.find(ctx.device())) {
    kernels->forward(ctx.stream, options, segments, q.view(), k.view(), v.view(), out.view(), lse.view(),
                     forward_space.view());
  }
  return ctx.result("attention", out, {&q, &k, &v},
                    [q, k, v, out, lse, options, segments = std::move(segments)](Context& inner, Tensor& dout) {
                      const GradView dq = q.grad_target(*inner.pool);
                      const GradView dk = k.grad_target(*inner.pool);
                      const GradView dv = v.grad_target(*inner.pool);
                      Tensor space = workspace_for(inner, q, k, segments, true);
                      if (const auto* kernels = attention_kernels.find(inner.device())) {
                        kernels->backward(inner.stream, options, segments, q.view(), k.view(), v.view(),
                                          out.const_view(), lse.const_view(), dout.const_view(), dq, dk, dv,
                                          space.view());
                      }
                    });
}

}  // namespace eft
