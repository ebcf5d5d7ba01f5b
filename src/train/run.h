#pragma once

#include <functional>

#include "report/run_facts.h"
#include "train/job/job.h"
#include "train/loop/trainer.h"

namespace eft {

/// How a run shows itself, and when it is to end early.
struct RunOptions {
  Terminal terminal;
  bool dry_run = false;  ///< say everything and stop before the first step
  bool verbose = false;  ///< every name of a tensor
  bool json = false;     ///< the facts as one JSON object
  bool profile = false;  ///< time every kernel: a table at the end and trace.json in output_dir
  RunRequests requests;
  std::function<void()> before_first_step;  ///< from then on `requests` are looked at
};

enum class RunEnd {
  finished,
  stopped,  ///< by request; a checkpoint was written
  planned,  ///< a dry run
};

/// `eft train`: from the files of a job to the result in its output_dir.
RunEnd run_training(TrainJob job, const RunOptions& options);

/// Losses of an evaluation, together and by the files that the rows came from.
struct EvaluationReport {
  struct Dataset {
    std::string path;
    Evaluation result;
  };
  Evaluation total;
  std::vector<Dataset> datasets;
  bool on_training_rows = false;  ///< there are no rows to evaluate on
};

/// `eft evaluate`: loss over the evaluation rows, else over the training rows.
EvaluationReport run_evaluation(const TrainJob& job);

struct PlanOptions {
  std::string device;       ///< "cpu" or "cuda", which need not be there; empty: that of the run
  std::int64_t budget = 0;  ///< bytes to stay within; 0: none
};

/// `eft plan`: what a step will need, without loading a weight.
MemoryPlan run_plan(TrainJob job, const PlanOptions& options);

}  // namespace eft
