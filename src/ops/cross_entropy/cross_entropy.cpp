#include "ops/cross_entropy/cross_entropy.h"

#include <algorithm>
#include <vector>

#include "ops/cross_entropy/cross_entropy_chunks.h"
#include "ops/linear/linear.h"
#include "ops/token_statistics/token_statistics.h"

namespace eft {
namespace {

Selection select(std::span<const std::int32_t> targets, std::span<const float> weights, std::int64_t vocabulary) {
  Selection chosen;
  for (std::size_t t = 0; t < targets.size(); ++t) {
    if (targets[t] < 0) continue;
    expect(targets[t] < vocabulary, "targets inside the vocabulary");
    chosen.rows.push_back(static_cast<std::int64_t>(t));
    chosen.targets.push_back(targets[t]);
    if (!weights.empty()) chosen.weights.push_back(weights[t]);
  }
  return chosen;
}

/// One pass over the chosen rows, block by block, each of all pieces of the vocabulary.
class BlockPass {
 public:
  BlockPass(Context& ctx, const Var& hidden, const Var& weight, const Selection& chosen,
            const TokenLossOptions& options)
      : ctx_(ctx), hidden_(hidden), weight_(weight), chosen_(chosen), options_(options) {
    std::int64_t bytes_of_element = static_cast<std::int64_t>(size_of(dtype_));
    if (gradient_dtype() != dtype_) bytes_of_element += static_cast<std::int64_t>(size_of(gradient_dtype()));
    const std::int64_t bytes = options.block_bytes > 0 ? options.block_bytes : kernels_of(ctx).block_bytes;
    const std::int64_t most = std::max<std::int64_t>(1, bytes / (vocabulary() * bytes_of_element));
    const std::int64_t blocks = std::max<std::int64_t>(1, (chosen.size() + most - 1) / most);
    block_rows_ = std::max<std::int64_t>(1, (chosen.size() + blocks - 1) / blocks);
  }

  /// Fills losses [chosen rows] and, where they are defined, dhidden [chosen rows, width] and dweight.
  void run(Tensor& losses, Tensor& dhidden, GradView dweight) {
    const bool gradient = dhidden || dweight;
    Tensor input = ctx_.workspace(hidden_.dtype(), {block_rows_, width()});
    Tensor logits(*ctx_.pool, Category::logits, dtype_, {block_rows_, vocabulary()});
    Tensor dlogits = gradient ? gradient_of(logits) : Tensor();
    if (options_.statistics != nullptr) moments_ = ctx_.workspace(DType::f64, {block_rows_, kTokenMoments});
    for (std::int64_t begin = 0; begin < chosen_.size(); begin += block_rows_) {
      const std::int64_t rows = std::min(block_rows_, chosen_.size() - begin);
      Tensor block_losses = losses.slice(begin, begin + rows);
      Tensor block_input = input.slice(0, rows);
      Tensor block_gradient = gradient ? dlogits.slice(0, rows) : Tensor();
      forward(begin, block_input, logits.slice(0, rows), block_gradient, block_losses);
      if (dhidden) backward_hidden(block_gradient, dhidden.slice(begin, begin + rows));
      if (dweight) backward_weight(block_gradient, block_input, dweight);
      dweight.accumulate = true;
    }
  }

 private:
  std::int64_t vocabulary() const { return weight_.shape()[0]; }
  std::int64_t width() const { return weight_.shape()[1]; }

  /// The logits' own storage, unless products want another dtype.
  Tensor gradient_of(const Tensor& logits) const {
    const DType dtype = gradient_dtype();
    return dtype == dtype_ ? logits : Tensor(*ctx_.pool, Category::logits, dtype, logits.shape());
  }

  DType gradient_dtype() const { return kernels_of(ctx_).gradient_dtype(hidden_.dtype(), weight_.dtype()); }

  void forward(std::int64_t begin, Tensor& input, Tensor logits, Tensor& gradient, Tensor& losses) const {
    const auto* kernels = cross_entropy_kernels.find(ctx_.device());
    if (kernels == nullptr) return;
    const auto first = static_cast<std::size_t>(begin);
    const auto rows = static_cast<std::size_t>(logits.shape()[0]);
    kernels->gather(ctx_.stream, hidden_.view(), std::span(chosen_.rows).subspan(first, rows), input.view());
    linear_kernels.find(ctx_.device())->forward(ctx_.stream, input.view(), weight_.view(), logits.view(), false);
    if (moments_) measure(begin, logits);
    const double scale = options_.gradients != nullptr ? 1 : options_.expected_gradient;
    kernels->softmax(ctx_.stream, {options_.softcap, scale}, logits.view(),
                     std::span(chosen_.targets).subspan(first, rows), gradient ? gradient.view() : View(),
                     losses.view());
    if (!chosen_.weights.empty()) {
      kernels->weigh(ctx_.stream, std::span(chosen_.weights).subspan(first, rows), gradient ? gradient.view() : View(),
                     losses.view());
    }
    if (options_.gradients == nullptr || !gradient) return;
    const Tensor factors = options_.gradients->slice(begin, begin + logits.shape()[0]);
    kernels->scale_rows(ctx_.stream, factors.const_view(), gradient.view());
  }

  /// Before the logits are used up.
  void measure(std::int64_t begin, const Tensor& logits) const {
    const std::int64_t rows = logits.shape()[0];
    const auto& kernels = *token_statistic_kernels.find(ctx_.device());
    Tensor moments = moments_.slice(0, rows);
    kernels.take(ctx_.stream, options_.softcap, 0, logits.const_view(),
                 std::span(chosen_.targets).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(rows)),
                 moments.view());
    Tensor statistics = options_.statistics->slice(begin, begin + rows);
    kernels.finish(ctx_.stream, vocabulary(), moments.const_view(), statistics.view());
  }

  void backward_hidden(const Tensor& gradient, Tensor dhidden) const {
    if (const auto* kernels = linear_kernels.find(ctx_.device())) {
      kernels->backward_input(ctx_.stream, gradient.view(), weight_.view(), {dhidden.view(), false});
    }
  }

  void backward_weight(const Tensor& gradient, const Tensor& input, GradView dweight) const {
    if (const auto* kernels = linear_kernels.find(ctx_.device())) {
      kernels->backward_weight(ctx_.stream, gradient.view(), input.view(), dweight);
    }
  }

  Context& ctx_;
  const Var& hidden_;
  const Var& weight_;
  const Selection& chosen_;
  const TokenLossOptions& options_;
  DType dtype_ = accumulator_of(hidden_.dtype());
  std::int64_t block_rows_ = 1;  ///< of the largest block; blocks are as even as can be
  Tensor moments_;               ///< where statistics are wanted
};

bool all_equal(const Tensor& values, double wanted) {
  return std::ranges::all_of(to_doubles(values), [=](double value) { return value == wanted; });
}

/// What the forward pass made and the backward pass hands over.
struct Made {
  bool weight_is_done;
  double expected;  ///< gradient of each loss; 0: they were known one by one
  std::vector<std::int64_t> rows;
  Tensor dhidden;
};

void backward(Context& ctx, const Var& hidden, const Made& made, const Tensor& dlosses) {
  const GradView target = hidden.grad_target(*ctx.pool);
  const auto* kernels = cross_entropy_kernels.find(ctx.device());
  if (kernels == nullptr) return;
  if (made.expected == 0) {
    if (target) kernels->scatter(ctx.stream, made.dhidden.view(), made.rows, ConstView(), 1, target);
    return;
  }
  // Elsewhere looking at the gradients would be waiting for the device.
  const bool is_seen = ctx.device() == Device::cpu;
  expect(!made.weight_is_done || !is_seen || all_equal(dlosses, made.expected),
         "losses with the expected gradient, of which a trained head's is made");
  if (target) {
    kernels->scatter(ctx.stream, made.dhidden.view(), made.rows, dlosses.const_view(), made.expected, target);
  }
}

/// The weight's gradient, ready to be added to; absent when not wanted.
GradView weight_target(Context& ctx, const Var& weight, bool anything_comes) {
  const GradView target = weight.grad_target(*ctx.pool);
  if (!target.accumulate && weight.wants_grad() && !anything_comes) zero(weight.slot()->tensor);
  return target;
}

}  // namespace

Var token_losses(Context& ctx, const Var& hidden, const Var& weight, std::span<const std::int32_t> targets,
                 TokenLossOptions options) {
  expect(hidden.shape().rank() == 2 && weight.shape().rank() == 2 && hidden.shape()[1] == weight.shape()[1],
         "hidden states as wide as the head");
  expect(static_cast<std::int64_t>(targets.size()) == hidden.shape()[0], "a target for each hidden state");
  expect(options.weights.empty() || options.weights.size() == targets.size(), "a weight for each target");
  expect(options.expected_gradient != 0, "losses that have a gradient");
  const bool one_by_one = options.gradients != nullptr;
  Selection chosen = select(targets, options.weights, weight.shape()[0]);
  expect(!one_by_one || options.gradients->shape() == Shape{chosen.size()}, "a gradient for each loss");
  expect(options.statistics == nullptr || options.statistics->shape() == Shape{chosen.size(), kTokenStatistics},
         "room for the statistics of each target");
  const bool recorded = ctx.records({&hidden, &weight});
  Tensor losses = ctx.output(DType::f64, {chosen.size()});
  Tensor dhidden;
  if (recorded && hidden.wants_grad()) dhidden = ctx.output(hidden.dtype(), {chosen.size(), hidden.shape()[1]});
  const GradView dweight = recorded ? weight_target(ctx, weight, chosen.size() > 0) : GradView();
  if (kernels_of(ctx).take_chunk != nullptr && !dweight && !one_by_one) {
    run_chunks(ctx, hidden, weight, chosen, options, losses, dhidden);
  } else {
    BlockPass(ctx, hidden, weight, chosen, options).run(losses, dhidden, dweight);
  }
  // Only the slot of hidden is captured: its values are no longer needed.
  return ctx.result(
      "token_losses", losses, {&hidden, &weight},
      [target = Var(Tensor(), hidden.slot()),
       made = Made{weight.wants_grad(), one_by_one ? 0 : options.expected_gradient, std::move(chosen.rows), dhidden}](
          Context& backward_ctx, Tensor& dlosses) { backward(backward_ctx, target, made, dlosses); });
}

Var sum_losses(Context& ctx, const Var& losses, double scale, DType dtype) {
  expect(losses.dtype() == DType::f64, "losses in f64");
  Tensor loss = ctx.output(dtype, {1});
  if (const auto* kernels = cross_entropy_kernels.find(ctx.device())) {
    kernels->sum(ctx.stream, losses.view(), scale, loss.view());
  }
  return ctx.result("sum_losses", loss, {&losses},
                    [target = Var(Tensor(), losses.slot()), scale](Context& backward_ctx, Tensor& dy) {
                      const GradView dlosses = target.grad_target(*backward_ctx.pool);
                      const auto* kernels = cross_entropy_kernels.find(backward_ctx.device());
                      if (kernels != nullptr) kernels->spread(backward_ctx.stream, dy.const_view(), scale, dlosses);
                    });
}

Var cross_entropy(Context& ctx, const Var& hidden, const Var& weight, std::span<const std::int32_t> targets,
                  CrossEntropyOptions options) {
  const Var losses = token_losses(ctx, hidden, weight, targets,
                                  {.softcap = options.softcap,
                                   .expected_gradient = options.scale,
                                   .weights = options.weights,
                                   .block_bytes = options.block_bytes});
  return sum_losses(ctx, losses, options.scale, accumulator_of(hidden.dtype()));
}

}  // namespace eft
