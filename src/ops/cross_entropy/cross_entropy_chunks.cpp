#include "ops/cross_entropy/cross_entropy_chunks.h"

#include <algorithm>

#include "ops/linear/linear.h"
#include "ops/token_statistics/token_statistics.h"

namespace eft {
namespace {

constexpr std::int64_t kMostRows = 2048;                      // of a block
constexpr std::int64_t kChunkBytes = std::int64_t{16} << 20;  // of a chunk's logits
constexpr std::int64_t kStateValues = 3;

std::int64_t parts_of(std::int64_t size, std::int64_t most) {
  return std::max<std::int64_t>(1, (size + most - 1) / most);
}

class ChunkPass {
 public:
  ChunkPass(Context& ctx, const Var& hidden, const Var& weight, const Selection& chosen,
            const TokenLossOptions& options)
      : ctx_(ctx), hidden_(hidden), weight_(weight), chosen_(chosen), options_(options) {
    const std::int64_t blocks = parts_of(chosen.size(), kMostRows);
    block_rows_ = (chosen.size() + blocks - 1) / blocks;
    const std::int64_t bytes = options.block_bytes > 0 ? options.block_bytes : kChunkBytes;
    const std::int64_t row_bytes = std::max<std::int64_t>(1, block_rows_) * static_cast<std::int64_t>(size_of(dtype_));
    chunks_ = parts_of(vocabulary(), std::max<std::int64_t>(1, bytes / row_bytes));
  }

  void run(Tensor& losses, Tensor& dhidden) {
    const DType narrow = kernels_of(ctx_).gradient_dtype(hidden_.dtype(), weight_.dtype());
    const std::int64_t pieces = (vocabulary() + chunks_ - 1) / chunks_;
    input_ = ctx_.workspace(hidden_.dtype(), {block_rows_, width()});
    logits_ = Tensor(*ctx_.pool, Category::logits, dtype_, {block_rows_ * pieces});
    state_ = ctx_.workspace(DType::f64, {block_rows_, kStateValues});
    if (options_.statistics != nullptr) moments_ = ctx_.workspace(DType::f64, {block_rows_, kTokenMoments});
    if (dhidden) {
      exponentials_ = narrow == dtype_ ? logits_ : Tensor(*ctx_.pool, Category::logits, narrow, logits_.shape());
      sums_ = ctx_.workspace(dtype_, {block_rows_, width()});
    }
    if (ctx_.device() == Device::meta) return;
    for (std::int64_t begin = 0; begin < chosen_.size(); begin += block_rows_) {
      const std::int64_t rows = std::min(block_rows_, chosen_.size() - begin);
      Tensor block_losses = losses.slice(begin, begin + rows);
      Tensor block_gradient = dhidden ? dhidden.slice(begin, begin + rows) : Tensor();
      block(begin, rows, block_losses, block_gradient);
    }
  }

 private:
  std::int64_t vocabulary() const { return weight_.shape()[0]; }
  std::int64_t width() const { return weight_.shape()[1]; }

  void block(std::int64_t begin, std::int64_t rows, Tensor& losses, Tensor& dhidden) {
    const auto& kernels = *cross_entropy_kernels.find(ctx_.device());
    const auto first = static_cast<std::size_t>(begin), count = static_cast<std::size_t>(rows);
    const auto targets = std::span(chosen_.targets).subspan(first, count);
    const auto weights =
        chosen_.weights.empty() ? std::span<const float>() : std::span(chosen_.weights).subspan(first, count);
    const View input{input_.raw(), input_.dtype(), {rows, width()}};
    const View sums = dhidden ? View{sums_.raw(), dtype_, {rows, width()}} : View();
    kernels.gather(ctx_.stream, hidden_.view(), std::span(chosen_.rows).subspan(first, count), input);
    for (std::int64_t i = 0; i < chunks_; ++i) chunk(i, targets, input, sums);
    kernels.finish_chunks(ctx_.stream, {options_.softcap, options_.expected_gradient}, targets, weights,
                          state_.const_view(), weight_.view(), sums, dhidden ? dhidden.view() : View(), losses.view());
    if (!moments_) return;
    Tensor statistics = options_.statistics->slice(begin, begin + rows);
    token_statistic_kernels.find(ctx_.device())
        ->finish(ctx_.stream, vocabulary(), moments_.slice(0, rows).const_view(), statistics.view());
  }

  void chunk(std::int64_t i, std::span<const std::int32_t> targets, View input, View sums) {
    const auto& linear = *linear_kernels.find(ctx_.device());
    const std::int64_t first = vocabulary() * i / chunks_, end = vocabulary() * (i + 1) / chunks_;
    const WeightView head = WeightView(weight_.view()).rows(first, end - first);
    const Shape shape{input.shape[0], end - first};
    const View logits{logits_.raw(), dtype_, shape};
    const View exponentials = sums ? View{exponentials_.raw(), exponentials_.dtype(), shape} : View();
    linear.forward(ctx_.stream, input, head, logits, false);
    if (moments_) {
      token_statistic_kernels.find(ctx_.device())
          ->take(ctx_.stream, options_.softcap, first, logits, targets, moments_.view());
    }
    cross_entropy_kernels.find(ctx_.device())
        ->take_chunk(ctx_.stream, {options_.softcap, first}, logits, targets, state_.view(), exponentials, sums);
    if (sums) linear.backward_input(ctx_.stream, exponentials, head, {sums, first > 0});
  }

  Context& ctx_;
  const Var& hidden_;
  const Var& weight_;
  const Selection& chosen_;
  const TokenLossOptions& options_;
  DType dtype_ = accumulator_of(hidden_.dtype());
  std::int64_t block_rows_ = 0;
  std::int64_t chunks_ = 1;
  Tensor input_, logits_, state_, exponentials_, sums_;
  Tensor moments_;  ///< where statistics are wanted
};

}  // namespace

const CrossEntropyKernels& kernels_of(const Context& ctx) {
  const auto* there = cross_entropy_kernels.peek(ctx.pool->imitated());
  return there != nullptr ? *there : *cross_entropy_kernels.find(Device::cpu);
}

void run_chunks(Context& ctx, const Var& hidden, const Var& weight, const Selection& chosen,
                const TokenLossOptions& options, Tensor& losses, Tensor& dhidden) {
  ChunkPass(ctx, hidden, weight, chosen, options).run(losses, dhidden);
}

}  // namespace eft
