#include "train/optimizers/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace eft {
namespace {

double constant(const AfterWarmup&, const ScheduleOptions&) { return 1; }
double linear(const AfterWarmup& at, const ScheduleOptions&) { return std::max(0.0, at.left / at.all); }
double cosine(const AfterWarmup& at, const ScheduleOptions&) {
  return std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * (at.done / at.all))));
}

/// A shape of the learning rate.
struct Entry {
  ScheduleKind kind;
  bool warms_up;
  double (*share)(const AfterWarmup&, const ScheduleOptions&);
};

constexpr Entry kSchedules[] = {
    {ScheduleKind::constant, false, constant},
    {ScheduleKind::constant_with_warmup, true, constant},
    {ScheduleKind::linear, true, linear},
    {ScheduleKind::cosine, true, cosine},
};

const Entry& entry_of(ScheduleKind kind) {
  const auto* found = std::ranges::find(kSchedules, kind, &Entry::kind);
  expect(found != std::end(kSchedules), "a row for each kind of schedule");
  return *found;
}

}  // namespace

Schedule::Schedule(const ScheduleOptions& options, std::int64_t total_steps)
    : options_(options),
      share_(entry_of(options.kind).share),
      warmup_(entry_of(options.kind).warms_up ? options.warmup(total_steps) : 0),
      total_(total_steps) {}

double Schedule::at(std::int64_t step) const {
  const double peak = options_.learning_rate;
  if (step < warmup_) return peak * static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup_));
  return peak * share_({.done = static_cast<double>(step - warmup_),
                        .left = static_cast<double>(total_ - step),
                        .all = static_cast<double>(std::max<std::int64_t>(1, total_ - warmup_))},
                       options_);
}

}  // namespace eft
