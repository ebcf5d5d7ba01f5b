#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "schema/field.h"

namespace eft {

enum class ScheduleKind { constant, constant_with_warmup, linear, cosine };

constexpr auto enum_names(ScheduleKind) {
  return std::array{EnumName{ScheduleKind::constant, "constant"},
                    EnumName{ScheduleKind::constant_with_warmup, "constant_with_warmup"},
                    EnumName{ScheduleKind::linear, "linear"}, EnumName{ScheduleKind::cosine, "cosine"}};
}

/// The learning rate over the steps of a run.
struct ScheduleOptions {
  double learning_rate = 0;  ///< the peak
  ScheduleKind kind = ScheduleKind::cosine;
  std::optional<std::int64_t> warmup_steps;
  std::optional<double> warmup_ratio;

  /// Warm-up steps of a run of `total_steps`: warmup_steps, else the share warmup_ratio, else Axolotl's default of 3 %
  /// and at most 100.
  std::int64_t warmup(std::int64_t total_steps) const {
    if (warmup_steps) return *warmup_steps;
    if (warmup_ratio) return static_cast<std::int64_t>(*warmup_ratio * static_cast<double>(total_steps));
    const auto share = static_cast<std::int64_t>(0.03 * static_cast<double>(total_steps));
    return share < 100 ? share : 100;
  }
};

template <class Visitor>
void describe(Visitor&& field, ScheduleOptions& o) {
  field({"learning_rate", "Peak learning rate.", true}, o.learning_rate, Bounds{.min = 0, .above_min = true});
  field({"lr_scheduler", "Shape of the learning rate after the warm-up."}, o.kind);
  field({"warmup_steps", "Steps in which the learning rate rises; left out, 3 % of all steps and at most 100."},
        o.warmup_steps, Bounds{0});
  field({"warmup_ratio", "The same as a share of all steps; not together with warmup_steps."}, o.warmup_ratio,
        Bounds{0, 1});
}

}  // namespace eft
