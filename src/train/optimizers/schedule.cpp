#include "train/optimizers/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace eft {

Schedule::Schedule(ScheduleKind kind, double peak, std::int64_t warmup_steps, std::int64_t total_steps)
    : kind_(kind), peak_(peak), warmup_(kind == ScheduleKind::constant ? 0 : warmup_steps), total_(total_steps) {}

double Schedule::at(std::int64_t step) const {
  if (step < warmup_)
    return peak_ * static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, warmup_));
  const double span = static_cast<double>(std::max<std::int64_t>(1, total_ - warmup_));
  switch (kind_) {
    case ScheduleKind::constant:
    case ScheduleKind::constant_with_warmup:
      return peak_;
    case ScheduleKind::linear:
      return peak_ * std::max(0.0, static_cast<double>(total_ - step) / span);
    case ScheduleKind::cosine: {
      const double progress = static_cast<double>(step - warmup_) / span;
      return peak_ * std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress)));
    }
  }
  return peak_;
}

}  // namespace eft
