#include "backend/cuda/rows.cuh"
#include "ops/preference_loss/preference_loss.h"
#include "ops/preference_loss/preference_math.h"

namespace eft::cuda {
namespace {

/// A micro batch has a few dozen answers, and one launch costs more than a thread takes for them.
template <class Body>
void on_one_thread(Stream stream, const Shape& shape, Body body) {
  for_each(stream, "preference_loss", shape, 1, 1, [=] __device__(std::int64_t, int) { body(); });
}

void pairs(Stream stream, const PairLossOptions& options, double scale, ConstView logps, ConstView reference,
           ConstView statistics, std::span<const std::int32_t> counts, View loss, View gradient, View metrics,
           View scratch) {
  const std::int64_t pairs = scratch.shape[0];
  if (pairs == 0) return;
  const Uploaded<std::int32_t> device_counts(stream_of(stream), counts);
  const preference::PairArguments arguments{.logps = in<double>(logps),
                                            .reference = in<double>(reference),
                                            .statistics = in<double>(statistics),
                                            .counts = device_counts.data(),
                                            .pairs = pairs,
                                            .stride = logps.shape[0] / pairs,
                                            .scale = scale,
                                            .loss = out<double>(loss),
                                            .gradient = out<double>(gradient),
                                            .metrics = out<double>(metrics),
                                            .scratch = out<double>(scratch)};
  on_one_thread(stream, logps.shape,
                [arguments, options] __device__() { preference::compute_pairs<double>(arguments, options); });
}

void answers(Stream stream, const AnswerLossOptions& options, double scale, ConstView logps, ConstView reference,
             ConstView shifted, ConstView shifted_reference, std::span<const std::int32_t> good, View loss,
             View gradient, View metrics) {
  const Uploaded<std::int32_t> device_good(stream_of(stream), good);
  const preference::AnswerArguments arguments{.logps = in<double>(logps),
                                              .reference = in<double>(reference),
                                              .shifted = in<double>(shifted),
                                              .shifted_reference = in<double>(shifted_reference),
                                              .good = device_good.data(),
                                              .answers = logps.shape[0],
                                              .scale = scale,
                                              .loss = out<double>(loss),
                                              .gradient = out<double>(gradient),
                                              .metrics = out<double>(metrics)};
  on_one_thread(stream, logps.shape,
                [arguments, options] __device__() { preference::compute_answers<double>(arguments, options); });
}

void spread(Stream stream, ConstView dy, ConstView gradient, GradView dlogps) {
  const double* factor = in<double>(dy);
  const double* from = in<double>(gradient);
  double* to = out<double>(dlogps.view);
  const bool accumulate = dlogps.accumulate;
  const std::int64_t count = gradient.shape.elements();
  if (count == 0) return;
  for_each(stream, "preference_loss spread", gradient.shape, count, 1,
           [=] __device__(std::int64_t i, int) { put(to + i, *factor * from[i], accumulate); });
}

const bool registered =
    preference_loss_kernels.add(Device::cuda, {.pairs = pairs, .answers = answers, .spread = spread});

}  // namespace
}  // namespace eft::cuda
