#include "train/optimizers/schedule_shapes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace eft {
namespace {

using std::numbers::pi;

double linear_warmup(const RunPosition& at) { return at.step / std::max(1.0, at.warmup); }

/// From 1 to 0 in half a wave.
double half_wave(double progress) { return 0.5 * (1.0 + std::cos(pi * progress)); }

double above(double floor, double share) { return share * (1 - floor) + floor; }

double constant(const RunPosition&, const ScheduleOptions&) { return 1; }

double constant_with_warmup(const RunPosition& at, const ScheduleOptions&) {
  return at.step < at.warmup ? linear_warmup(at) : 1;
}

double linear(const RunPosition& at, const ScheduleOptions&) {
  if (at.step < at.warmup) return linear_warmup(at);
  return std::max(0.0, (at.total - at.step) / std::max(1.0, at.total - at.warmup));
}

/// Steps after which the cosine stays where it is.
double constant_from(const RunPosition& at, const ScheduleOptions& o) {
  return std::floor(at.total * *o.cosine_constant_lr_ratio);
}

double cosine(const RunPosition& at, const ScheduleOptions& o) {
  if (at.step < at.warmup) {
    const double share = linear_warmup(at);
    return o.quadratic_warmup ? share * share : share;
  }
  const double floor = o.cosine_min_lr_ratio.value_or(0), cycles = o.args.num_cycles.value_or(0.5);
  if (floor > 0 && o.cosine_constant_lr_ratio) {
    const double last = constant_from(at, o);
    const RunPosition held{std::min(at.step, last), at.warmup, last};
    return above(floor, half_wave(held.progress()));
  }
  return above(floor, std::max(0.0, half_wave(cycles * 2 * at.progress())));
}

double cosine_with_restarts(const RunPosition& at, const ScheduleOptions& o) {
  if (at.step < at.warmup) return linear_warmup(at);
  if (at.progress() >= 1) return 0;
  return std::max(0.0, half_wave(std::fmod(o.args.num_cycles.value_or(1) * at.progress(), 1.0)));
}

double floor_of(const ScheduleOptions& o) {
  return o.args.min_lr ? *o.args.min_lr / o.learning_rate : o.args.min_lr_rate.value_or(0);
}

double cosine_with_min_lr(const RunPosition& at, const ScheduleOptions& o) {
  if (at.step < at.warmup) return linear_warmup(at);
  return std::max(0.0, above(floor_of(o), half_wave(o.args.num_cycles.value_or(0.5) * 2 * at.progress())));
}

/// The warm-up begins above zero, and the fall is one step ahead.
double cosine_warmup_with_min_lr(const RunPosition& at, const ScheduleOptions& o) {
  if (at.step < at.warmup) {
    if (!o.args.warmup_lr_rate) return (at.step + 1) / std::max(1.0, at.warmup);
    return above(*o.args.warmup_lr_rate, at.step / std::max(1.0, at.warmup - 1));
  }
  const RunPosition next{at.step + 1, at.warmup, at.total};
  return std::max(0.0, above(floor_of(o), half_wave(o.args.num_cycles.value_or(0.5) * 2 * next.progress())));
}

double polynomial(const RunPosition& at, const ScheduleOptions& o) {
  if (at.step < at.warmup) return linear_warmup(at);
  const double end = o.args.lr_end.value_or(1e-7), left = std::max(0.0, 1 - at.progress());
  return ((o.learning_rate - end) * std::pow(left, o.args.power.value_or(1)) + end) / o.learning_rate;
}

double inverse_sqrt(const RunPosition& at, const ScheduleOptions& o) {
  if (at.step < at.warmup) return linear_warmup(at);
  const double fallback = at.warmup > 0 ? at.warmup : 10'000;
  const double scale = o.args.timescale ? static_cast<double>(*o.args.timescale) : fallback;
  return 1 / std::sqrt((at.step + (scale - at.warmup)) / scale);
}

/// From 0 to 1.
double rise(Curve curve, double progress) {
  switch (curve) {
    case Curve::linear:
      return progress;
    case Curve::cosine:
      return 0.5 * (1 - std::cos(pi * progress));
    case Curve::one_minus_sqrt:
      return 1 - std::sqrt(1 - progress);
  }
  return 1;
}

/// From 1 to 0.
double fall(Curve curve, double progress, double cycles) {
  switch (curve) {
    case Curve::linear:
      return 1 - progress;
    case Curve::cosine:
      return half_wave(cycles * 2 * progress);
    case Curve::one_minus_sqrt:
      return 1 - std::sqrt(progress);
  }
  return 0;
}

double warmup_stable_decay(const RunPosition& at, const ScheduleOptions& o) {
  const ScheduleArgs& args = o.args;
  const double floor = args.min_lr_ratio.value_or(0), decay = static_cast<double>(args.num_decay_steps.value_or(0));
  const double stable =
      args.num_stable_steps ? static_cast<double>(*args.num_stable_steps) : at.total - at.warmup - decay;
  if (at.step < at.warmup) {
    return std::max(0.0, above(floor, rise(args.warmup_type.value_or(Curve::linear), linear_warmup(at))));
  }
  const double behind = at.step - at.warmup - stable;
  if (behind < 0) return 1;
  if (behind >= decay) return floor;
  const double progress = behind / std::max(1.0, decay);
  return std::max(0.0,
                  above(floor, fall(args.decay_type.value_or(Curve::cosine), progress, args.num_cycles.value_or(0.5))));
}

/// torch's OneCycleLR: from the first rate to the peak and down to the last one.
double one_cycle(const RunPosition& at, const ScheduleOptions& o) {
  const double share = o.args.pct_start.value_or(at.warmup / at.total);
  const double first = 1 / o.args.div_factor.value_or(25), last = first / o.args.final_div_factor.value_or(1e4);
  const double peak_step = share * at.total - 1, last_step = at.total - 1;
  const auto between = [&](double from, double to, double progress) {
    if (o.args.anneal_strategy.value_or(Curve::cosine) == Curve::linear) return (to - from) * progress + from;
    return to + (from - to) / 2 * (std::cos(pi * progress) + 1);
  };
  if (at.step <= peak_step) return between(first, 1, peak_step > 0 ? at.step / peak_step : 1);
  const double begin = std::max(peak_step, -1.0);
  return between(1, last, last_step > begin ? (at.step - begin) / (last_step - begin) : 1);
}

double rex(const RunPosition& at, const ScheduleOptions& o) {
  const double floor = o.cosine_min_lr_ratio.value_or(0);
  if (at.step >= 1 && at.step <= at.warmup) return at.step / at.warmup;
  if (at.step >= at.total) return floor;
  const double left = (at.total - at.step) / (at.total - at.warmup);
  return floor + (1 - floor) * (left / (0.1 + 0.9 * left));
}

constexpr ScheduleShape kShapes[] = {
    {ScheduleKind::constant, false, false, constant},
    {ScheduleKind::constant_with_warmup, true, false, constant_with_warmup},
    {ScheduleKind::linear, true, false, linear},
    {ScheduleKind::cosine, true, false, cosine},
    {ScheduleKind::cosine_with_restarts, true, false, cosine_with_restarts},
    {ScheduleKind::cosine_with_min_lr, true, false, cosine_with_min_lr},
    {ScheduleKind::cosine_warmup_with_min_lr, true, false, cosine_warmup_with_min_lr},
    {ScheduleKind::polynomial, true, false, polynomial},
    {ScheduleKind::inverse_sqrt, true, false, inverse_sqrt},
    {ScheduleKind::warmup_stable_decay, true, false, warmup_stable_decay},
    {ScheduleKind::one_cycle, true, false, one_cycle},
    {ScheduleKind::rex, true, true, rex},
    {ScheduleKind::reduce_lr_on_plateau, false, false, constant},
};

}  // namespace

const ScheduleShape& shape_of(ScheduleKind kind) {
  const auto* found = std::ranges::find(kShapes, kind, &ScheduleShape::kind);
  expect(found != std::end(kShapes), "a row for each kind of schedule");
  return *found;
}

}  // namespace eft
