#include "cli/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "cli/terminal.h"
#include "report/compare.h"
#include "schema/yaml.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Overrides = std::vector<std::string>;

constexpr const char* kTogether = "_";       ///< the key of mappings whose values go together
constexpr const char* kCopy = "sweep.yaml";  ///< of the sweep's file, in output_dir
constexpr std::size_t kMostRuns = 10'000;
constexpr std::array kResults = {"adapter_model.safetensors", "model.safetensors", "model.safetensors.index.json"};

std::string assignment(const YamlNode& entry, const YamlNode& value) { return entry.key + "=" + to_json(value); }

/// Every combination so far with each of `choices`.
void combine(std::vector<Overrides>& combinations, const std::vector<Overrides>& choices, const std::string& file) {
  if (combinations.size() * choices.size() > kMostRuns) {
    throw ConfigError("{}: more than {} runs; leave out some values", file, kMostRuns);
  }
  std::vector<Overrides> all;
  for (const Overrides& earlier : combinations) {
    for (const Overrides& choice : choices) {
      all.push_back(earlier);
      all.back().insert(all.back().end(), choice.begin(), choice.end());
    }
  }
  combinations = std::move(all);
}

std::vector<Overrides> choices_of(const YamlNode& entry) {
  const bool together = entry.key == kTogether;
  if (entry.kind != YamlNode::Kind::sequence || entry.children.empty()) {
    throw ConfigError("{} {}: {}, expected a list of {}", entry.origin, entry.key, brief(entry),
                      together ? "mappings" : "values");
  }
  std::vector<Overrides> choices;
  for (const YamlNode& item : entry.children) {
    Overrides& choice = choices.emplace_back();
    if (!together) {
      choice.push_back(assignment(entry, item));
      continue;
    }
    if (item.kind != YamlNode::Kind::mapping) {
      throw ConfigError("{} {}: {}, expected a mapping from keys to values", item.origin, entry.key, brief(item));
    }
    for (const YamlNode& each : item.children) choice.push_back(assignment(each, each));
  }
  return choices;
}

bool is_finished(const fs::path& folder) {
  return std::ranges::any_of(kResults, [&](const char* name) { return fs::exists(folder / name); });
}

/// A folder holds the runs of one sweep.
void keep_copy(const fs::path& file, const fs::path& output_dir) {
  const std::string text = read_text(file);
  const fs::path copy = output_dir / kCopy;
  if (fs::exists(copy)) {
    if (read_text(copy) == text) return;
    throw ConfigError("{}: is of another sweep than {}; choose another output_dir", copy.string(), file.string());
  }
  with_file_errors([&] { fs::create_directories(output_dir); });
  write_text(copy, text);
}

/// The smallest loss of the evaluations, or the last of training where nothing was evaluated.
double score(const RunRecord& run) {
  if (!run.eval_losses.empty()) return *std::ranges::min_element(run.eval_losses);
  return run.losses.empty() ? std::numeric_limits<double>::infinity() : run.losses.back();
}

void print_table(const std::vector<SweepRun>& runs, const fs::path& output_dir) {
  std::vector<RunRecord> records;
  for (const SweepRun& run : runs) {
    if (fs::exists(output_dir / run.name / "metrics.jsonl")) records.push_back(read_run(output_dir / run.name));
  }
  if (records.empty()) return;
  std::ranges::stable_sort(records, {}, score);
  std::printf("%s", compare_text(records, standard_output().colours).c_str());
}

}  // namespace

std::vector<SweepRun> sweep_runs(const fs::path& file) {
  const YamlNode root = parse_yaml(read_text(file), file.string());
  if (root.kind != YamlNode::Kind::mapping || root.children.empty()) {
    throw ConfigError("{}: {}, expected a mapping from keys to lists of values", file.string(), brief(root));
  }
  std::vector<Overrides> combinations{{}};
  for (const YamlNode& entry : root.children) {
    if (entry.key != kTogether) combine(combinations, choices_of(entry), file.string());
  }
  if (const YamlNode* together = root.find(kTogether)) combine(combinations, choices_of(*together), file.string());
  std::vector<SweepRun> runs;
  for (Overrides& overrides : combinations) {
    runs.push_back({fmt::format("sweep{:04}", runs.size() + 1), std::move(overrides)});
  }
  return runs;
}

int run_sweep(const fs::path& file, const fs::path& output_dir, int stopped,
              const std::function<int(const Overrides&)>& make) {
  const std::vector<SweepRun> runs = sweep_runs(file);
  keep_copy(file, output_dir);
  int exit_code = 0;
  for (const SweepRun& run : runs) {
    const fs::path folder = output_dir / run.name;
    const std::string what = fmt::format("{} of {}: {}", run.name, runs.size(), fmt::join(run.overrides, " "));
    if (is_finished(folder)) {
      std::printf("%s: finished before\n", what.c_str());
      continue;
    }
    std::printf("%s\n", what.c_str());
    std::fflush(stdout);
    Overrides overrides = run.overrides;
    overrides.push_back("output_dir=" + to_json(YamlNode::scalar(folder.string(), true)));
    overrides.emplace_back("auto_resume_from_checkpoints=true");
    try {
      const int code = make(overrides);
      if (code == stopped) return code;
      if (exit_code == 0) exit_code = code;
    } catch (const Error& error) {
      std::fprintf(stderr, "eft: %s: %s\n", run.name.c_str(), error.what());
      if (exit_code == 0) exit_code = error.exit_code();
    }
  }
  print_table(runs, output_dir);
  return exit_code;
}

}  // namespace eft
