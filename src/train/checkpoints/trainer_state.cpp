#include "train/checkpoints/trainer_state.h"

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "train/checkpoints/checkpoint_files.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// A count: an integer of at least `least`.
std::int64_t count(const JsonKeys<FileError>& keys, const char* key, std::int64_t least = 0) {
  const std::int64_t value = keys.integer(key);
  if (value < least) keys.fail(key, fmt::format("at least {}", least).c_str());
  return value;
}

std::int64_t count(const JsonKeys<FileError>& keys, const char* key, std::int64_t least, std::int64_t otherwise) {
  return keys.find(key) == nullptr ? otherwise : count(keys, key, least);
}

Json json_of(const RunIdentity& run) {
  return {{"rows", run.rows},
          {"tokenizer", run.tokenizer},
          {"chat_template", run.chat_template},
          {"base", run.base},
          {"batches", run.batches}};
}

/// An earlier eft kept no identity, but the configuration.
RunIdentity identity_in(const JsonKeys<FileError>& state) {
  RunIdentity run;
  if (state.find("run") == nullptr) {
    for (const auto& [key, value] : state.object("config").all().items()) {
      if (value.is_primitive() && !value.is_null()) run.batches[key] = value.dump();
    }
    return run;
  }
  const auto kept = state.object("run");
  const auto batches = kept.object("batches");
  for (const auto& [key, value] : batches.all().items()) run.batches[key] = batches.string(key.c_str());
  run.rows = kept.string("rows");
  run.tokenizer = kept.string("tokenizer");
  run.chat_template = kept.string("chat_template");
  run.base = kept.string("base");
  return run;
}

void write_best(const TrainerState& state, Json& json) {
  json["evaluated_step"] = state.evaluated_step;
  json["evaluations_without_gain"] = state.evaluations_without_gain;
  if (!state.best) return;
  json["best_metric"] = state.best->eval_loss;
  json["best_global_step"] = state.best->step;
  json["best_model_checkpoint"] = state.best->checkpoint.string();
}

void read_best(const JsonKeys<FileError>& keys, const fs::path& folder, TrainerState& state) {
  state.evaluated_step = count(keys, "evaluated_step", -1, state.step);
  state.evaluations_without_gain = count(keys, "evaluations_without_gain", 0, 0);
  if (keys.find("best_metric") == nullptr) return;
  const fs::path stored = keys.string("best_model_checkpoint");
  // Beside this one, where the whole folder was moved.
  const fs::path beside = folder.parent_path() / stored.filename();
  state.best =
      BestModel{keys.number("best_metric"), count(keys, "best_global_step"), fs::exists(stored) ? stored : beside};
}

void write_plateau(const PlateauState& plateau, Json& json) {
  if (!std::isfinite(plateau.best)) return;
  json["plateau"] = {{"best", plateau.best},
                     {"bad_evaluations", plateau.bad_evaluations},
                     {"cooldown", plateau.cooldown},
                     {"share", plateau.share}};
}

PlateauState plateau_in(const JsonKeys<FileError>& keys) {
  if (keys.find("plateau") == nullptr) return {};
  const auto kept = keys.object("plateau");
  const PlateauState plateau{.best = kept.number("best"),
                             .bad_evaluations = count(kept, "bad_evaluations"),
                             .cooldown = count(kept, "cooldown"),
                             .share = kept.number("share")};
  if (!(plateau.share >= 0 && plateau.share <= 1)) kept.fail("share", "a number from 0 to 1");
  return plateau;
}

}  // namespace

Json to_json(const TrainerState& state) {
  Json json{{"format", kStateFormat},
            {"global_step", state.step},
            {"max_steps", state.total_steps},
            {"cursor", {{"epoch", state.cursor.epoch}, {"batch", state.cursor.batch}}},
            {"train_examples", state.train_examples},
            {"train_tokens", state.train_tokens},
            {"run", json_of(state.run)}};
  if (state.steps_above_threshold > 0) json["steps_above_threshold"] = state.steps_above_threshold;
  write_best(state, json);
  write_plateau(state.plateau, json);
  return json;
}

TrainerState trainer_state_in(const Json& json, const fs::path& folder) {
  const JsonKeys<FileError> keys(json, (folder / kStateFile).string());
  const auto cursor = keys.object("cursor");
  TrainerState state;
  state.step = count(keys, "global_step");
  state.total_steps = count(keys, "max_steps");
  state.cursor = {count(cursor, "epoch"), count(cursor, "batch")};
  state.train_examples = count(keys, "train_examples");
  state.train_tokens = count(keys, "train_tokens");
  state.run = identity_in(keys);
  state.steps_above_threshold = count(keys, "steps_above_threshold", 0, 0);
  read_best(keys, folder, state);
  state.plateau = plateau_in(keys);
  return state;
}

}  // namespace eft
