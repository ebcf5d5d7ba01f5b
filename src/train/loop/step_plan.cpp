#include "train/loop/step_plan.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace eft {
namespace {

constexpr double kMostSteps = 1e12;

/// The keys that saving and evaluating both have.
struct PeriodOptions {
  const std::optional<double>& steps;
  const std::optional<std::int64_t>& per_epoch;
  const std::optional<Interval>& strategy;
  Interval otherwise;
};

Period period_of(const PeriodOptions& o, const StepPlan& plan) {
  if (o.steps) {
    const double steps = *o.steps < 1 ? std::ceil(*o.steps * static_cast<double>(plan.steps)) : std::min(*o.steps, kMostSteps);
    return {.every = static_cast<std::int64_t>(steps)};
  }
  if (o.per_epoch) return {.every = (plan.steps_per_epoch + *o.per_epoch - 1) / *o.per_epoch};
  return {.every = 0, .each_epoch = o.strategy.value_or(o.otherwise) == Interval::epoch};
}

std::int64_t steps_of_epochs(double epochs, std::int64_t steps_per_epoch) {
  const double steps = std::ceil(epochs * static_cast<double>(steps_per_epoch));
  if (steps <= kMostSteps) return static_cast<std::int64_t>(steps);
  throw ConfigError("num_epochs: {} of {} steps each are {:.3g} steps, expected at most {:.0e}", epochs,
                    steps_per_epoch, steps, kMostSteps);
}

}  // namespace

StepPlan plan_steps(const TrainOptions& options, std::int64_t batches_per_epoch, bool has_eval_rows) {
  const std::int64_t accumulation = options.gradient_accumulation_steps;
  StepPlan plan;
  plan.steps_per_epoch = std::max<std::int64_t>((batches_per_epoch + accumulation - 1) / accumulation, 1);
  if (batches_per_epoch == 0) plan.steps_per_epoch = options.max_steps.value_or(1);
  plan.steps = options.max_steps.value_or(steps_of_epochs(options.num_epochs, plan.steps_per_epoch));
  plan.warmup_steps = options.schedule.warmup(plan.steps);
  plan.logging_steps = options.logging_steps.value_or(std::clamp<std::int64_t>(plan.steps / 200, 1, 10));
  plan.save = period_of({options.save_steps, options.saves_per_epoch, options.save_strategy, Interval::epoch}, plan);
  if (has_eval_rows) {
    plan.eval = period_of({options.eval_steps, options.evals_per_epoch, options.eval_strategy, Interval::no}, plan);
  }
  return plan;
}

}  // namespace eft
