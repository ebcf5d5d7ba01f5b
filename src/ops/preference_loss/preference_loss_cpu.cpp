#include "ops/preference_loss/preference_loss.h"
#include "ops/preference_loss/preference_math.h"

namespace eft {
namespace {

void pairs(Stream, const PairLossOptions& options, double scale, ConstView logps, ConstView reference,
           ConstView statistics, std::span<const std::int32_t> counts, View loss, View gradient, View metrics,
           View scratch) {
  const std::int64_t pairs = scratch.shape[0];
  if (pairs == 0) return;
  preference::compute_pairs({.logps = logps.as<double>(),
                             .reference = reference ? reference.as<double>() : nullptr,
                             .statistics = statistics ? statistics.as<double>() : nullptr,
                             .counts = counts.data(),
                             .pairs = pairs,
                             .stride = logps.shape[0] / pairs,
                             .scale = scale,
                             .loss = loss.as<double>(),
                             .gradient = gradient.as<double>(),
                             .metrics = metrics.as<double>(),
                             .scratch = scratch.as<double>()},
                            options);
}

void answers(Stream, const AnswerLossOptions& options, double scale, ConstView logps, ConstView reference,
             ConstView shifted, ConstView shifted_reference, std::span<const std::int32_t> good, View loss,
             View gradient, View metrics) {
  preference::compute_answers({.logps = logps.as<double>(),
                               .reference = reference.as<double>(),
                               .shifted = shifted.as<double>(),
                               .shifted_reference = shifted_reference.as<double>(),
                               .good = good.data(),
                               .answers = logps.shape[0],
                               .scale = scale,
                               .loss = loss.as<double>(),
                               .gradient = gradient.as<double>(),
                               .metrics = metrics.as<double>()},
                              options);
}

void spread(Stream, ConstView dy, ConstView gradient, GradView dlogps) {
  const double factor = *dy.as<double>();
  double* to = dlogps.view.as<double>();
  for (std::int64_t i = 0; i < gradient.shape.elements(); ++i) {
    to[i] = (dlogps.accumulate ? to[i] : 0) + factor * gradient.as<double>()[i];
  }
}

const bool registered =
    preference_loss_kernels.add(Device::cpu, {.pairs = pairs, .answers = answers, .spread = spread});

}  // namespace
}  // namespace eft
