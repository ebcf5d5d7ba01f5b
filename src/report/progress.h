#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "report/metrics_sink.h"
#include "report/terminal.h"

namespace eft {

/// What a run has come to, for its last page.
struct RunCourse {
  std::int64_t steps = 0;   ///< made by this process
  std::int64_t tokens = 0;  ///< of these steps
  double seconds = 0;       ///< since the first of them began
  std::optional<double> first_loss = {}, last_loss = {};
  std::optional<double> first_eval_loss = {}, last_eval_loss = {};
  std::int64_t evaluations = 0;
};

/// What follows a run: a bar that is rewritten in place on a terminal at every step, else one line every
/// `logging_steps`.
class Progress final : public MetricsSink {
 public:
  /// `steps_per_epoch`: 0 where there are no epochs.
  Progress(Terminal terminal, std::int64_t first_step, std::int64_t total_steps, std::int64_t logging_steps,
           std::int64_t steps_per_epoch = 0);

  void add(const StepMetrics& metrics) override;
  void add(const EvalMetrics& metrics) override;
  /// A line that stays.
  void say(const std::string& line);
  /// Ends the bar.
  void finish();

  const RunCourse& course() const { return course_; }

 private:
  using Clock = std::chrono::steady_clock;

  void count(const StepMetrics& metrics);
  double seconds_left(std::int64_t step) const;
  std::string line_of(const StepMetrics& metrics) const;
  std::string bar_of(const StepMetrics& metrics) const;
  std::string bar(double share, std::size_t width) const;
  std::string trend() const;
  void draw();
  void clear();

  Terminal terminal_;
  std::int64_t first_step_;
  std::int64_t total_steps_;
  std::int64_t logging_steps_;
  std::int64_t steps_per_epoch_;
  RunCourse course_;
  double tokens_per_second_ = 0;             // smoothed
  double recent_loss_ = 0, older_loss_ = 0;  // smoothed over few steps and over more
  double loss_sum_ = 0;                      // since the last line that stays
  std::int64_t loss_count_ = 0;
  std::string live_line_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
};

}  // namespace eft
