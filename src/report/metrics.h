#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace eft {

/// Named numbers beside those that every step has: margins, rewards.
using MetricValues = std::vector<std::pair<std::string, double>>;

/// One optimizer step, counted from 1. `learning_rate` is the one this step used. A step that was skipped has a loss or
/// a norm that is not finite (null in JSON).
struct StepMetrics {
  std::int64_t step = 0;
  double loss = 0;       ///< of the objective; mean over the step's label tokens in supervised fine-tuning
  double grad_norm = 0;  ///< before clipping
  double learning_rate = 0;
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
  double seconds = 0;
  std::int64_t memory = 0;  ///< peak bytes of the step
  MetricValues extra{};     ///< what the objective adds, under names of its own
  bool skipped = false;     ///< nothing was changed
};

/// One evaluation after `step` steps.
struct EvalMetrics {
  std::int64_t step = 0;
  double eval_loss = 0;  ///< of the objective, over all evaluation rows
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
  double seconds = 0;
  MetricValues extra{};  ///< what the objective adds; written with eval_ in front of their names
};

std::string to_json(const StepMetrics& metrics);
std::string to_json(const EvalMetrics& metrics);

}  // namespace eft
