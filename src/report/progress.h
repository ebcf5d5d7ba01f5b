#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

#include "report/metrics_sink.h"

namespace eft {

/// Where a command writes for its user. `live`: a terminal, whose last line may be rewritten.
struct Terminal {
  std::FILE* stream = nullptr;  ///< null: silent
  bool live = false;
  std::size_t columns = 0;  ///< of a terminal; 0: unknown
};

/// The line that follows a run: rewritten in place on a terminal at every step, else one line every `logging_steps`.
class Progress final : public MetricsSink {
 public:
  Progress(Terminal terminal, std::int64_t first_step, std::int64_t total_steps, std::int64_t logging_steps);

  void add(const StepMetrics& metrics) override;
  void add(const EvalMetrics& metrics) override;
  /// A line that stays.
  void say(const std::string& line);
  /// Ends the live line.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  std::string line_of(const StepMetrics& metrics) const;
  void rewrite(const std::string& line);
  void clear();

  Terminal terminal_;
  std::int64_t first_step_;
  std::int64_t total_steps_;
  std::int64_t logging_steps_;
  double tokens_per_second_ = 0;  // smoothed
  double loss_sum_ = 0;           // since the last line that stays
  std::int64_t loss_count_ = 0;
  std::string live_line_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace eft
