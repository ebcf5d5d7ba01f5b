#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace eft {

/// One run of a sweep: its folder's name and what it sets ("key=value").
struct SweepRun {
  std::string name;
  std::vector<std::string> overrides;
};

/// The runs that a sweep's YAML file asks for, as Axolotl reads it: a mapping from keys to lists of values, of which
/// every combination is a run, in the order of the file, the first key slowest; under `_` a list of mappings, each of
/// which goes with every combination. Throws ConfigError or FileError.
std::vector<SweepRun> sweep_runs(const std::filesystem::path& file);

/// Makes the runs of `file` one after the other in folders below `output_dir`, and prints what became of them as a
/// table, the best first. Runs whose result is there are left as they are, so that a sweep that ended early goes on. A
/// run that fails does not end it. `make` makes a run and returns its exit code, or throws. Returns the exit code of
/// the sweep: that of a run that was stopped, else of the first that failed, else 0.
int run_sweep(const std::filesystem::path& file, const std::filesystem::path& output_dir, int stopped,
              const std::function<int(const std::vector<std::string>& overrides)>& make);

}  // namespace eft
