#include "train/checkpoints/checkpoint.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "models/adapter.h"
#include "train/checkpoints/checkpoint_files.h"
#include "train/checkpoints/save.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kOptimizerFile = "optimizer.safetensors";
constexpr const char* kPrefix = "checkpoint-";

std::int64_t step_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return std::strtoll(name.substr(std::min(name.size(), std::string(kPrefix).size())).c_str(), nullptr, 10);
}

/// Moments, and the exact values that the weights beside them are rounded from (adapters are stored exactly).
NamedTensors optimizer_tensors(const OpenedModel& opened, const Optimizer& optimizer) {
  NamedTensors tensors = optimizer.state();
  for (const Parameter& parameter : opened.model->parameters()) {
    const bool rounded = parameter.trainable() && parameter.master && !parameter.is_adapter();
    if (rounded) tensors.emplace_back("master." + parameter.name, parameter.master);
  }
  return tensors;
}

void require_optimizer(const fs::path& folder) {
  if (fs::exists(folder / kOptimizerFile)) return;
  throw ConfigError(
      "{}: holds the weights only, since it was written with save_only_model: true; no run can go on from it",
      folder.string());
}

/// Checkpoints of before there was a choice name no optimizer.
void require_kind(const fs::path& folder, const Json& state, const Optimizer& optimizer) {
  const Json kind = state.value("optimizer", Json("adamw"));
  if (kind == optimizer.kind()) return;
  throw ConfigError("{}: made with optimizer {}, got optimizer {}; a run can only go on with the same one",
                    folder.string(), kind.is_string() ? kind.get<std::string>() : kind.dump(), optimizer.kind());
}

/// All trained weights of a checkpoint of full fine-tuning, as exactly as it holds them.
void restore_model(const fs::path& folder, OpenedModel& opened) {
  const CheckpointFiles files(folder);
  std::optional<Safetensors> exact;
  if (fs::exists(folder / kOptimizerFile)) exact.emplace(folder / kOptimizerFile);
  for (Parameter& parameter : opened.model->parameters()) {
    if (!parameter.trainable()) continue;
    if (!files.contains(parameter.name) || files.entry(parameter.name).shape != parameter.shape) {
      throw ConfigError("{}: {} {} is missing; is it a checkpoint of another model?", folder.string(), parameter.name,
                        to_string(parameter.shape));
    }
    if (parameter.master) {
      convert(exact ? exact->tensor("master." + parameter.name) : files.tensor(parameter.name), parameter.master);
      convert(parameter.master, parameter.value);
    } else {
      convert(files.tensor(parameter.name), parameter.value);
    }
  }
}

}  // namespace

fs::path checkpoint_folder(const TrainJob& job, std::int64_t step) {
  return job.train.output_dir / fmt::format("{}{}", kPrefix, step);
}

fs::path save_checkpoint(const TrainJob& job, const OpenedModel& opened, const Optimizer& optimizer,
                         const TrainerState& state) {
  const fs::path folder = checkpoint_folder(job, state.step);
  Json json = to_json(state);
  json["optimizer"] = optimizer.kind();
  json["optimizer_steps"] = optimizer.steps();
  json["config"] = Json::parse(job.config.empty() ? "{}" : job.config);
  const std::string foreign = foreign_file(folder);
  if (!foreign.empty()) {
    throw FileError("{}: is in the place of a checkpoint and was not written by eft; move it away",
                    (folder / foreign).string());
  }
  StagedFolder staged(folder);
  write_weights(job, opened, staged.path());
  if (!job.train.save_only_model) {
    write_safetensors(staged.path() / kOptimizerFile, optimizer_tensors(opened, optimizer), {{"format", "pt"}});
  }
  write_state(staged.path(), std::move(json));
  staged.commit();
  return folder;
}

TrainerState load_checkpoint(const fs::path& folder, const TrainJob& job, OpenedModel& opened, Pool& pool,
                             Optimizer& optimizer) {
  const Json json = read_state(folder);
  require_intact(folder, json);
  require_optimizer(folder);
  require_kind(folder, json, optimizer);
  TrainerState state = trainer_state_in(json, folder);
  const std::int64_t optimizer_steps =
      JsonKeys<FileError>(json, (folder / kStateFile).string()).integer("optimizer_steps");
  load_weights(folder, job, opened, pool);
  optimizer.restore(Safetensors(folder / kOptimizerFile), optimizer_steps);
  return state;
}

void load_weights(const fs::path& folder, const TrainJob& job, OpenedModel& opened, Pool& pool) {
  if (job.trains_adapter()) {
    load_adapter(*opened.model, pool, folder);
  } else {
    restore_model(folder, opened);
  }
}

std::vector<std::string> changed_options(const fs::path& folder, const TrainJob& job) {
  const Json before = read_state(folder).value("config", Json::object());
  const Json now = Json::parse(job.config.empty() ? "{}" : job.config);
  const std::set<std::string> free{"resume_from_checkpoint", "output_dir"};
  std::vector<std::string> lines;
  for (const auto& [key, value] : now.items()) {
    const Json old = before.contains(key) ? before[key] : Json();
    if (old == value || free.contains(key)) continue;
    lines.push_back(fmt::format("{}: {}, was {}", key, value.dump(), old.dump()));
  }
  return lines;
}

std::vector<fs::path> list_checkpoints(const fs::path& output_dir) {
  // By time, since an earlier run may have gone further; steps decide within one tick of the file system's clock.
  std::vector<std::tuple<fs::file_time_type, std::int64_t, fs::path>> found;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(output_dir, missing)) {
    const fs::path state = entry.path() / kStateFile;
    if (!entry.path().filename().string().starts_with(kPrefix) || !fs::exists(state)) continue;
    const Json json = parse_json(read_json_text(state)).value;
    if (!json.is_object() || !is_own_checkpoint(entry.path()) || !has_all_files(entry.path(), json)) continue;
    found.emplace_back(fs::last_write_time(state), step_of(entry.path()), entry.path());
  }
  std::ranges::sort(found);
  std::vector<fs::path> folders;
  for (auto& [time, step, path] : found) folders.push_back(std::move(path));
  return folders;
}

}  // namespace eft
