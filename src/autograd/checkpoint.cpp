#include "autograd/checkpoint.h"

#include <utility>

namespace eft {
namespace {

/// The segment made it as workspace; what outlives the segment is counted as saved.
Tensor kept(const Context& ctx, const Tensor& made) {
  Tensor copy(*ctx.pool, Category::saved, made.dtype(), made.shape());
  convert(made, copy);
  return copy;
}

/// What a segment saw of its context and the backward pass need not have any more.
struct Seen {
  std::uint64_t dropout_counter;
  bool adapters;
};

void replay(Context& ctx, const std::vector<Var>& inputs, const Segment& segment, const Seen& seen,
            std::span<Tensor> grads) {
  Tape inner;
  Context again = ctx;
  again.tape = &inner;
  again.dropout_counter = seen.dropout_counter;
  again.adapters = seen.adapters;
  // The inputs keep their slots, so the inner pass adds straight into the outer gradients.
  const std::vector<Var> outputs = segment(again, inputs);
  inner.backward(again, outputs, grads);
}

}  // namespace

std::vector<Var> checkpoint(Context& ctx, std::vector<Var> inputs, Segment segment) {
  if (ctx.tape == nullptr) return segment(ctx, inputs);
  const Seen seen{ctx.dropout_counter, ctx.adapters};
  Tape* const tape = std::exchange(ctx.tape, nullptr);
  std::vector<Var> outputs = segment(ctx, inputs);
  ctx.tape = tape;

  // Recorded even if no input wants a gradient: trainable parameters inside the segment do.
  std::vector<std::shared_ptr<GradSlot>> slots;
  for (Var& output : outputs) {
    output = Var::leaf(kept(ctx, output.value()));
    slots.push_back(output.slot());
  }
  tape->record("checkpoint", std::move(slots),
               [inputs = std::move(inputs), segment = std::move(segment), seen](Context& backward_ctx,
                                                                                std::span<Tensor> grads) {
                 replay(backward_ctx, inputs, segment, seen, grads);
               });
  return outputs;
}

}  // namespace eft
