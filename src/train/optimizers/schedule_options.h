#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "schema/field.h"

namespace eft {

enum class ScheduleKind {
  constant,
  constant_with_warmup,
  linear,
  cosine,
  cosine_with_restarts,
  cosine_with_min_lr,
  cosine_warmup_with_min_lr,
  polynomial,
  inverse_sqrt,
  warmup_stable_decay,
  one_cycle,
  rex,
  reduce_lr_on_plateau
};

constexpr auto enum_names(ScheduleKind) {
  using enum ScheduleKind;
  return std::array{EnumName{constant, "constant"},
                    EnumName{constant_with_warmup, "constant_with_warmup"},
                    EnumName{linear, "linear"},
                    EnumName{cosine, "cosine"},
                    EnumName{cosine_with_restarts, "cosine_with_restarts"},
                    EnumName{cosine_with_min_lr, "cosine_with_min_lr"},
                    EnumName{cosine_warmup_with_min_lr, "cosine_warmup_with_min_lr"},
                    EnumName{polynomial, "polynomial"},
                    EnumName{inverse_sqrt, "inverse_sqrt"},
                    EnumName{warmup_stable_decay, "warmup_stable_decay"},
                    EnumName{one_cycle, "one_cycle"},
                    EnumName{rex, "rex"},
                    EnumName{reduce_lr_on_plateau, "reduce_lr_on_plateau"}};
}

/// How a rate rises or falls in warmup_stable_decay, or between the ends of a one_cycle.
enum class Curve { linear, cosine, one_minus_sqrt };

constexpr auto enum_names(Curve) {
  return std::array{EnumName{Curve::linear, "linear"}, EnumName{Curve::cosine, "cosine"},
                    EnumName{Curve::cosine, "cos"}, EnumName{Curve::one_minus_sqrt, "1-sqrt"}};
}

/// Whether an evaluation is better than the best by a share of it or by an amount.
enum class ThresholdMode { rel, abs };

constexpr auto enum_names(ThresholdMode) {
  return std::array{EnumName{ThresholdMode::rel, "rel"}, EnumName{ThresholdMode::abs, "abs"}};
}

/// What some shapes take beside the warm-up.
struct ScheduleArgs {
  std::optional<double> num_cycles;
  std::optional<double> min_lr, min_lr_rate, warmup_lr_rate;
  std::optional<double> lr_end, power;
  std::optional<std::int64_t> timescale;
  std::optional<std::int64_t> num_decay_steps, num_stable_steps;
  std::optional<Curve> warmup_type, decay_type;
  std::optional<double> min_lr_ratio;
  std::optional<double> pct_start, div_factor, final_div_factor;
  std::optional<Curve> anneal_strategy;
  std::optional<double> factor;
  std::optional<std::int64_t> patience, cooldown;
  std::optional<double> threshold;
  std::optional<ThresholdMode> threshold_mode;
  std::optional<double> eps;
};

template <class Visitor>
void describe(Visitor&& field, ScheduleArgs& o) {
  const Bounds share{0, 1}, positive{.min = 0, .above_min = true}, from_zero{0};
  field({"num_cycles", "The cosines' number of waves (0.5: one fall), or of restarts (1)."}, o.num_cycles, positive);
  field({"min_lr", "cosine_with_min_lr, cosine_warmup_with_min_lr, reduce_lr_on_plateau: smallest rate."}, o.min_lr,
        from_zero);
  field({"min_lr_rate", "The same of the two cosines, as a share of learning_rate."}, o.min_lr_rate, share);
  field({"warmup_lr_rate", "cosine_warmup_with_min_lr: share of learning_rate that it begins with."}, o.warmup_lr_rate,
        share);
  field({"lr_end", "polynomial: last rate, 1e-7."}, o.lr_end, from_zero);
  field({"power", "polynomial: power of the fall, 1."}, o.power, positive);
  field({"timescale", "inverse_sqrt: steps in which the root doubles; the warm-up, or 10,000 without one."},
        o.timescale, Bounds{1});
  field({"num_decay_steps", "warmup_stable_decay: steps of the fall at the end; needed."}, o.num_decay_steps,
        Bounds{0});
  field({"num_stable_steps", "warmup_stable_decay: steps at the peak; what warm-up and fall leave."},
        o.num_stable_steps, Bounds{0});
  field({"warmup_type", "warmup_stable_decay: linear, cosine or 1-sqrt; linear."}, o.warmup_type);
  field({"decay_type", "warmup_stable_decay: linear, cosine or 1-sqrt; cosine."}, o.decay_type);
  field({"min_lr_ratio", "warmup_stable_decay: share of learning_rate at both ends, 0."}, o.min_lr_ratio, share);
  field({"pct_start", "one_cycle: share of the steps in which the rate rises; that of the warm-up."}, o.pct_start,
        share);
  field({"div_factor", "one_cycle: the first rate is learning_rate over this, 25."}, o.div_factor, positive);
  field({"final_div_factor", "one_cycle: the last rate is the first over this, 10,000."}, o.final_div_factor, positive);
  field({"anneal_strategy", "one_cycle: cos or linear; cos."}, o.anneal_strategy);
  field({"factor", "reduce_lr_on_plateau: what the rate is multiplied by, 0.1."}, o.factor,
        Bounds{.min = 0, .max = 1, .below_max = true});
  field({"patience", "reduce_lr_on_plateau: evaluations in a row without a gain that are let pass, 10."}, o.patience,
        Bounds{0});
  field({"cooldown", "reduce_lr_on_plateau: evaluations after a fall that do not count, 0."}, o.cooldown, Bounds{0});
  field({"threshold", "reduce_lr_on_plateau: least gain, 1e-4."}, o.threshold, from_zero);
  field({"threshold_mode", "reduce_lr_on_plateau: rel (a share of the best) or abs; rel."}, o.threshold_mode);
  field({"eps", "reduce_lr_on_plateau: least fall of the rate, 1e-8."}, o.eps, from_zero);
}

/// The arguments that a shape takes, separated by blanks.
constexpr std::string_view arguments_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::constant:
    case ScheduleKind::constant_with_warmup:
    case ScheduleKind::linear:
    case ScheduleKind::rex:
      return "";
    case ScheduleKind::cosine:
    case ScheduleKind::cosine_with_restarts:
      return "num_cycles";
    case ScheduleKind::cosine_with_min_lr:
      return "num_cycles min_lr min_lr_rate";
    case ScheduleKind::cosine_warmup_with_min_lr:
      return "num_cycles min_lr min_lr_rate warmup_lr_rate";
    case ScheduleKind::polynomial:
      return "lr_end power";
    case ScheduleKind::inverse_sqrt:
      return "timescale";
    case ScheduleKind::warmup_stable_decay:
      return "num_decay_steps num_stable_steps warmup_type decay_type min_lr_ratio num_cycles";
    case ScheduleKind::one_cycle:
      return "pct_start anneal_strategy div_factor final_div_factor";
    case ScheduleKind::reduce_lr_on_plateau:
      return "factor patience cooldown threshold threshold_mode min_lr eps";
  }
  return "";
}

/// The learning rate over the steps of a run.
struct ScheduleOptions {
  double learning_rate = 0;  ///< the peak
  ScheduleKind kind = ScheduleKind::cosine;
  ScheduleArgs args{};
  std::optional<std::int64_t> warmup_steps;
  std::optional<double> warmup_ratio;
  bool quadratic_warmup = false;
  std::optional<double> cosine_min_lr_ratio;
  std::optional<double> cosine_constant_lr_ratio;
  std::optional<std::int64_t> jagged_restart_steps;
  std::int64_t jagged_restart_warmup_steps = 10;
  std::int64_t jagged_restart_anneal_steps = 1;

  /// Warm-up steps of a run of `total_steps` as they are asked for: warmup_steps, else the share warmup_ratio, else
  /// Axolotl's default of 3 % and at most 100.
  std::int64_t asked_warmup(std::int64_t total_steps) const {
    if (warmup_steps) return *warmup_steps;
    if (warmup_ratio) return static_cast<std::int64_t>(*warmup_ratio * static_cast<double>(total_steps));
    const auto share = static_cast<std::int64_t>(0.03 * static_cast<double>(total_steps));
    return share < 100 ? share : 100;
  }
  /// Those that the run makes: as in Axolotl a single one is two.
  std::int64_t warmup(std::int64_t total_steps) const {
    const std::int64_t asked = asked_warmup(total_steps);
    return asked == 1 ? 2 : asked;
  }
};

template <class Visitor>
void describe(Visitor&& field, ScheduleOptions& o) {
  const Bounds share{0, 1};
  field({"learning_rate", "Peak learning rate.", true}, o.learning_rate, Bounds{.min = 0, .above_min = true});
  field({"lr_scheduler", "Shape of the learning rate after the warm-up."}, o.kind);
  field({"lr_scheduler_kwargs", "Settings of some shapes, with what holds where they are left out."}, o.args);
  field({"warmup_steps",
         "Steps in which the learning rate rises; left out, 3 % of all steps and at most 100. As in Axolotl, 1 is 2."},
        o.warmup_steps, Bounds{0});
  field({"warmup_ratio", "The same as a share of all steps; not together with warmup_steps."}, o.warmup_ratio, share);
  field({"lr_quadratic_warmup", "With lr_scheduler: cosine, the warm-up's share of the peak is squared."},
        o.quadratic_warmup);
  field({"cosine_min_lr_ratio",
         "Share of learning_rate that cosine and rex do not fall below; of the restarts of "
         "jagged_restart_steps too."},
        o.cosine_min_lr_ratio, share);
  field({"cosine_constant_lr_ratio",
         "Share of all steps after which the cosine stays at its smallest rate; needs cosine_min_lr_ratio."},
        o.cosine_constant_lr_ratio, share);
  field({"jagged_restart_steps", "Every so many steps the learning rate falls and warms up again, around any shape."},
        o.jagged_restart_steps, Bounds{1});
  field({"jagged_restart_warmup_steps", "Steps of such a warm-up."}, o.jagged_restart_warmup_steps, Bounds{1});
  field({"jagged_restart_anneal_steps", "Steps of such a fall."}, o.jagged_restart_anneal_steps, Bounds{1});
}

}  // namespace eft
