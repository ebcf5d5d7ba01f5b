#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "report/metrics_sink.h"

namespace eft {

/// metrics.jsonl: one object a step or evaluation, each line on disk before the next step begins.
class MetricsFile final : public MetricsSink {
 public:
  /// Starts the file anew, keeping the lines of steps up to `keep_until` (of the run that is resumed). Throws
  /// FileError.
  explicit MetricsFile(std::filesystem::path path, std::int64_t keep_until = 0);
  ~MetricsFile() override;
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

  /// Throws FileError when the disk is full, for one; the line is then written with the next.
  void add(const StepMetrics& metrics) override { write(to_json(metrics) + "\n"); }
  void add(const EvalMetrics& metrics) override { write(to_json(metrics) + "\n"); }

  /// Writes lines that could not be written when they were added, if there are any; throws as `add` does.
  void flush() { write(""); }

 private:
  void write(const std::string& lines);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string pending_;  // not on disk yet
};

}  // namespace eft
