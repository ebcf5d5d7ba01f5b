#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/field.h"
#include "train/objectives/preference_options.h"
#include "train/optimizers/optimizer_options.h"
#include "train/optimizers/schedule_options.h"

namespace eft {

/// When something periodic happens, unless a number of steps says so.
enum class Interval { no, steps, epoch };

constexpr auto enum_names(Interval) {
  return std::array{EnumName{Interval::no, "no"}, EnumName{Interval::steps, "steps"},
                    EnumName{Interval::epoch, "epoch"}};
}

/// cuda is the first visible device; the others count from it.
enum class DeviceChoice { automatic, cpu, cuda, cuda_0, cuda_1, cuda_2, cuda_3, cuda_4, cuda_5, cuda_6, cuda_7 };

constexpr auto enum_names(DeviceChoice) {
  return std::array{EnumName{DeviceChoice::automatic, "auto"}, EnumName{DeviceChoice::cpu, "cpu"},
                    EnumName{DeviceChoice::cuda, "cuda"},      EnumName{DeviceChoice::cuda_0, "cuda:0"},
                    EnumName{DeviceChoice::cuda_1, "cuda:1"},  EnumName{DeviceChoice::cuda_2, "cuda:2"},
                    EnumName{DeviceChoice::cuda_3, "cuda:3"},  EnumName{DeviceChoice::cuda_4, "cuda:4"},
                    EnumName{DeviceChoice::cuda_5, "cuda:5"},  EnumName{DeviceChoice::cuda_6, "cuda:6"},
                    EnumName{DeviceChoice::cuda_7, "cuda:7"}};
}

/// What a run does with a step whose loss or gradient is not finite.
enum class OnNonfiniteStep { stop, skip };

constexpr auto enum_names(OnNonfiniteStep) {
  return std::array{EnumName{OnNonfiniteStep::stop, "stop"}, EnumName{OnNonfiniteStep::skip, "skip"}};
}

/// What a run does when a checkpoint or a line of metrics cannot be written.
enum class OnSaveError { go_on, stop };

constexpr auto enum_names(OnSaveError) {
  return std::array{EnumName{OnSaveError::go_on, "continue"}, EnumName{OnSaveError::stop, "stop"}};
}

/// The dtype of weights and activations.
enum class Precision { bfloat16, float32 };

/// The training loop: batches, optimizer, schedule, saving, evaluation, precision.
struct TrainOptions {
  std::int64_t micro_batch_size = 1;
  std::int64_t gradient_accumulation_steps = 1;
  double num_epochs = 1;
  std::optional<std::int64_t> max_steps;  ///< exactly this many optimizer steps, whatever num_epochs says

  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  PreferenceOptions preference;

  std::int64_t seed = 42;
  std::filesystem::path output_dir = "model-out";
  std::optional<std::int64_t> logging_steps;

  std::optional<double> save_steps;  ///< below 1 a share of all steps, from 1 on a number of steps
  std::optional<std::int64_t> saves_per_epoch;
  std::optional<Interval> save_strategy;
  std::int64_t save_total_limit = 4;
  bool save_first_step = false;
  bool save_only_model = false;
  std::filesystem::path resume_from_checkpoint;  ///< empty: start anew
  bool auto_resume_from_checkpoints = false;
  std::optional<double> eval_steps;  ///< as save_steps
  std::optional<std::int64_t> evals_per_epoch;
  std::optional<Interval> eval_strategy;
  std::int64_t early_stopping_patience = 0;  ///< 0: never stop early
  std::optional<bool> load_best_model_at_end;
  std::optional<double> loss_watchdog_threshold;
  std::int64_t loss_watchdog_patience = 3;
  OnNonfiniteStep on_nonfinite_step = OnNonfiniteStep::stop;
  OnSaveError on_save_error = OnSaveError::go_on;

  AutoBool bf16 = AutoBool::automatic;
  bool bfloat16 = false;
  bool float32 = false;
  bool freeze_mm_modules = false;
  std::vector<std::string> unfrozen_parameters;  ///< without adapters: what is trained; empty: everything
  std::optional<bool> gradient_checkpointing;    ///< left out: as the memory demands
  DeviceChoice device = DeviceChoice::automatic;
  bool ple_cpu_offload = false;
  bool cuda_graphs = false;

  /// bfloat16 unless the precision keys say otherwise; the rules refuse contradictions and 16-bit floats of the fp16
  /// kind.
  Precision precision() const {
    if (bfloat16) return Precision::bfloat16;
    return float32 || bf16 == AutoBool::off ? Precision::float32 : Precision::bfloat16;
  }
  /// Whether the result is the model of the best evaluation; as in Axolotl, stopping early implies it.
  bool keeps_best() const { return load_best_model_at_end.value_or(early_stopping_patience > 0); }
};

template <class Visitor>
void describe(Visitor&& field, TrainOptions& o) {
  field({"micro_batch_size", "Rows of one forward pass."}, o.micro_batch_size, Bounds{1, 1 << 20});
  field({"gradient_accumulation_steps", "Forward passes of one optimizer step."}, o.gradient_accumulation_steps,
        Bounds{1, 1 << 20});
  field({"num_epochs", "Passes over the data; may be a fraction."}, o.num_epochs, Bounds{.min = 0, .above_min = true});
  field({"max_steps", "Optimizer steps of the run, in place of num_epochs; the data is repeated as needed."},
        o.max_steps, Bounds{1});
  describe(field, o.optimizer);
  describe(field, o.schedule);
  describe(field, o.preference);
  field({"seed", "Seed of initialisation, shuffling and dropout."}, o.seed, Bounds{0});
  field({"output_dir", "Folder for the result, its checkpoints and metrics.jsonl."}, o.output_dir);
  field({"logging_steps", "Steps between two lines of metrics; left out, 0.5 % of all steps, from 1 to 10."},
        o.logging_steps, Bounds{1});
  field({"save_steps", "Steps between two checkpoints; below 1 a share of all steps."}, o.save_steps,
        Bounds{.min = 0, .above_min = true});
  field({"saves_per_epoch", "Checkpoints in an epoch."}, o.saves_per_epoch, Bounds{1});
  field({"save_strategy", "no, steps or epoch; left out, steps if save_steps is set, else epoch."}, o.save_strategy);
  field({"save_total_limit", "Checkpoints that are kept; the oldest go first, the best one never."}, o.save_total_limit,
        Bounds{1});
  field({"save_first_step", "A checkpoint after the first step too, to see that it can be written."},
        o.save_first_step);
  field(
      {"save_only_model", "Checkpoints hold the weights only, not the optimizer's state; no run can go on from them."},
      o.save_only_model);
  field(
      {"resume_from_checkpoint",
       "Checkpoint folder to go on from, bit for bit as if the run had not been interrupted; true takes the latest in "
       "output_dir."},
      o.resume_from_checkpoint);
  field({"auto_resume_from_checkpoints", "Go on from the latest checkpoint in output_dir, if there is one."},
        o.auto_resume_from_checkpoints);
  field({"eval_steps", "Steps between two evaluations; below 1 a share of all steps."}, o.eval_steps,
        Bounds{.min = 0, .above_min = true});
  field({"evals_per_epoch", "Evaluations in an epoch."}, o.evals_per_epoch, Bounds{1});
  field({"eval_strategy", "no, steps or epoch; left out, steps if eval_steps is set, else no."}, o.eval_strategy);
  field({"early_stopping_patience",
         "Evaluations in a row without a smaller eval_loss after which the run ends; 0 does not end it."},
        o.early_stopping_patience, Bounds{0});
  field({"load_best_model_at_end",
         "The result is the model of the smallest eval_loss, of which a checkpoint is kept; left out, true with "
         "early_stopping_patience."},
        o.load_best_model_at_end);
  field({"loss_watchdog_threshold",
         "A loss above this counts as a sign that the run has gone astray; see loss_watchdog_patience."},
        o.loss_watchdog_threshold);
  field(
      {"loss_watchdog_patience", "Steps in a row with a loss above loss_watchdog_threshold after which the run ends."},
      o.loss_watchdog_patience, Bounds{1});
  field({"on_nonfinite_step",
         "stop or skip a step whose loss or gradient is not finite; ten such steps in a row end the run in any case."},
        o.on_nonfinite_step);
  field({"on_save_error",
         "continue or stop when a checkpoint or metrics cannot be written, on a full disk for one; earlier checkpoints "
         "stand."},
        o.on_save_error);
  field({"bf16", "Weights and activations in bfloat16; auto means yes, false means float32."}, o.bf16);
  field({"bfloat16", "The same as bf16: true."}, o.bfloat16);
  field({"float32", "Weights and activations in float32."}, o.float32);
  field({"freeze_mm_modules",
         "With processor_type: the vision tower and its projector do not train, nor do adapters in them."},
        o.freeze_mm_modules);
  field({"gradient_checkpointing",
         "Keep only the inputs of each block and compute the rest again for the gradient, with the same result; left "
         "out, true when a step would not fit into memory otherwise."},
        o.gradient_checkpointing);
  field({"unfrozen_parameters",
         "Without adapter: the parameters that are trained, the others are frozen: regular expressions that match the "
         "beginning of a name. Left out, all are trained."},
        o.unfrozen_parameters);
  field({"device", "cpu or cuda; auto takes cuda where the build and the machine have it."}, o.device);
  field(
      {"ple_cpu_offload",
       "On a GPU, keep the table of the per-layer embeddings (Gemma 3n; Gemma 4 E2B and E4B) in pinned host memory, of "
       "which a step reads the rows of its tokens: 4 to 5 GB less on the device. Not where the table is trained. On "
       "the cpu it stays in the checkpoint's file, with the key and without."},
      o.ple_cpu_offload);
  field(
      {"cuda_graphs",
       "On a GPU, queue the work of each micro batch as one CUDA graph, for small models whose steps the host limits. "
       "Off unless asked for, since no device has measured it yet; memory may take some more room."},
      o.cuda_graphs);
}

}  // namespace eft
