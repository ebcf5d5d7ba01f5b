#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace eft {

/// What a run left in metrics.jsonl, and the configuration that its newest checkpoint holds.
struct RunRecord {
  std::string name;
  std::vector<double> losses;       ///< by step; those that are not finite are left out
  std::vector<double> eval_losses;  ///< by evaluation
  std::int64_t steps = 0;           ///< the last one
  double seconds = 0;               ///< of all steps together
  std::int64_t tokens = 0;
  std::int64_t memory = 0;                                      ///< peak bytes of the step that needed most
  std::vector<std::pair<std::string, std::string>> config;      ///< keys with their values as JSON; empty: none is kept
};

/// Reads a run's output folder. Throws FileError without metrics.jsonl, DataError for a line that is no metric.
RunRecord read_run(const std::filesystem::path& folder);

/// `values` in `width` characters from ▁ to █, each the mean of its share of them.
std::string sparkline(const std::vector<double>& values, std::size_t width);

/// A table with a column for each run: losses, speed, memory, and the keys whose values differ; a sparkline each below.
std::string compare_text(const std::vector<RunRecord>& runs, bool colours);
/// The same as one JSON object.
std::string compare_json(const std::vector<RunRecord>& runs);

}  // namespace eft
