#pragma once

#include "report/metrics.h"

namespace eft {

/// Takes the numbers of a run while it goes: a file, the line on the terminal, a logger.
class MetricsSink {
 public:
  virtual ~MetricsSink() = default;
  /// Called after each step and each evaluation. May throw FileError, and is called again with the next ones.
  virtual void add(const StepMetrics& metrics) = 0;
  virtual void add(const EvalMetrics& metrics) = 0;
};

}  // namespace eft
