#include "train/optimizers/schedule.h"

#include <algorithm>

#include "train/optimizers/schedule_shapes.h"

namespace eft {

Schedule::Schedule(const ScheduleOptions& options, std::int64_t total_steps)
    : options_(options),
      warmup_(shape_of(options.kind).warms_up ? options.warmup(total_steps) : 0),
      total_(total_steps) {}

double Schedule::at(std::int64_t step) const {
  const ScheduleShape& shape = shape_of(options_.kind);
  // Axolotl's own classes are each a step ahead of the run.
  const bool jagged = options_.jagged_restart_steps.has_value();
  const std::int64_t counted = step + (shape.counts_from_one ? 1 : 0) + (jagged ? 1 : 0);
  const double share = shape.share({.step = static_cast<double>(counted),
                                    .warmup = static_cast<double>(warmup_),
                                    .total = static_cast<double>(total_)},
                                   options_);
  return options_.learning_rate * plateau_.share * share * (jagged ? jagged_share(counted) : 1);
}

double Schedule::jagged_share(std::int64_t step) const {
  const std::int64_t period = *options_.jagged_restart_steps, anneal = options_.jagged_restart_anneal_steps;
  if (step < period - anneal) return 1;
  const std::int64_t within = step % period;
  double share = 1;
  if (within < options_.jagged_restart_warmup_steps) {
    share = static_cast<double>(within) / static_cast<double>(options_.jagged_restart_warmup_steps);
  } else if (within > period - anneal) {
    share = static_cast<double>(period - within) / static_cast<double>(anneal);
  }
  constexpr double kLeast = 0.001;
  const double asked = options_.cosine_min_lr_ratio.value_or(0), least = asked > 0 ? asked : kLeast;
  return std::min(1.0, share) * (1 - least) + least;
}

void Schedule::count_evaluation(double loss) {
  if (options_.kind != ScheduleKind::reduce_lr_on_plateau) return;
  const ScheduleArgs& args = options_.args;
  PlateauState& state = plateau_;
  const double threshold = args.threshold.value_or(1e-4);
  const bool relative = args.threshold_mode.value_or(ThresholdMode::rel) == ThresholdMode::rel;
  const bool better = loss < (relative ? state.best * (1 - threshold) : state.best - threshold);
  if (better) state.best = loss;
  state.bad_evaluations = better ? 0 : state.bad_evaluations + 1;
  if (state.cooldown > 0) {
    --state.cooldown;
    state.bad_evaluations = 0;
  }
  if (state.bad_evaluations <= args.patience.value_or(10)) return;
  state.bad_evaluations = 0;
  state.cooldown = args.cooldown.value_or(0);
  const double rate = options_.learning_rate * state.share;
  const double reduced = std::max(rate * args.factor.value_or(0.1), args.min_lr.value_or(0));
  if (rate - reduced > args.eps.value_or(1e-8)) state.share = reduced / options_.learning_rate;
}

}  // namespace eft
