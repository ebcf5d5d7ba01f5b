#include "ops/preference_loss/preference_loss.h"

#include "ops/support/kernel_list.h"
#include "ops/token_statistics/token_statistics.h"

namespace eft {
namespace {

Var recorded(Context& ctx, const Tensor& loss, const Var& logps, const Tensor& gradient) {
  return ctx.result("preference_loss", loss, {&logps},
                    [target = Var(Tensor(), logps.slot()), gradient](Context& inner, Tensor& dy) {
                      const GradView dlogps = target.grad_target(*inner.pool);
                      const auto* kernels = preference_loss_kernels.find(inner.device());
                      if (kernels == nullptr) return;
                      kernels->spread(inner.stream, dy.const_view(), gradient.const_view(), dlogps);
                    });
}

}  // namespace

PreferenceLoss pair_loss(Context& ctx, const Var& logps, const PairContext& of, const PairLossOptions& options,
                         double scale) {
  const auto elements = static_cast<std::int64_t>(of.counts.size());
  expect(logps.dtype() == DType::f64 && logps.shape() == Shape{elements}, "a log-probability for each count, in f64");
  expect(elements == 2 * of.pairs || elements == 3 * of.pairs, "two or three log-probabilities of a pair");
  expect(!of.reference || of.reference.shape() == Shape{2 * of.pairs}, "two of the reference for each pair");
  expect(!of.statistics || of.statistics.shape() == Shape{elements, kTokenStatistics}, "statistics of each");
  Tensor loss = ctx.output(DType::f64, {1}), gradient = ctx.output(DType::f64, {elements});
  Tensor metrics = ctx.output(DType::f64, {kPairMetrics}), scratch = ctx.workspace(DType::f64, {of.pairs});
  if (const auto* kernels = preference_loss_kernels.find(ctx.device())) {
    const auto view = [](const Tensor& tensor) { return tensor ? tensor.const_view() : ConstView(); };
    kernels->pairs(ctx.stream, options, scale, logps.view(), view(of.reference), view(of.statistics), of.counts,
                   loss.view(), gradient.view(), metrics.view(), scratch.view());
  }
  return {recorded(ctx, loss, logps, gradient), gradient, metrics};
}

PreferenceLoss answer_loss(Context& ctx, const Var& logps, const AnswerLogps& others,
                           std::span<const std::int32_t> good, const AnswerLossOptions& options, double scale) {
  const Shape shape{static_cast<std::int64_t>(good.size())};
  expect(logps.dtype() == DType::f64 && logps.shape() == shape, "a log-probability for each answer, in f64");
  expect(
      others.reference.shape() == shape && others.shifted.shape() == shape && others.shifted_reference.shape() == shape,
      "as many other log-probabilities");
  Tensor loss = ctx.output(DType::f64, {1}), gradient = ctx.output(DType::f64, shape);
  Tensor metrics = ctx.output(DType::f64, {kAnswerMetrics});
  if (const auto* kernels = preference_loss_kernels.find(ctx.device())) {
    kernels->answers(ctx.stream, options, scale, logps.view(), others.reference.const_view(),
                     others.shifted.const_view(), others.shifted_reference.const_view(), good, loss.view(),
                     gradient.view(), metrics.view());
  }
  return {recorded(ctx, loss, logps, gradient), gradient, metrics};
}

namespace {

const bool listed =
    list_kernels(preference_loss_kernels, timed<&PreferenceLossKernels::pairs>("pairs"),
                 timed<&PreferenceLossKernels::answers>("answers"), timed<&PreferenceLossKernels::spread>("spread"));

}  // namespace
}  // namespace eft
