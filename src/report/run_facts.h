#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "report/memory_facts.h"

namespace eft {

/// Tensors whose names differ only in a number: "model.layers.{0-25}.mlp.up_proj.weight".
struct TensorGroup {
  std::string pattern;
  std::int64_t tensors = 0;
  std::int64_t parameters = 0;
  std::vector<std::string> names;
};

/// Parameters that are updated alike.
struct RateGroup {
  std::string name;
  std::int64_t tensors = 0;
  double learning_rate = 0;  ///< the peak
  double weight_decay = 0;
};

/// All that is said about a run before its first step.
struct RunFacts {
  std::vector<std::string> notes;  ///< about the configuration and the checkpoint
  std::string base_model;
  std::string output_dir;
  std::string family;
  std::int64_t layers = 0;
  std::int64_t parameters = 0;
  std::vector<TensorGroup> trainable;
  std::vector<TensorGroup> frozen;
  std::int64_t rank = 0;  ///< of the adapters; 0: the whole model trains

  std::vector<std::string> data;  ///< lines of the data report
  std::int64_t train_examples = 0;
  std::int64_t eval_examples = 0;
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
  double fill = 1;  ///< share of the packed rows' room that tokens take

  std::int64_t micro_batches = 0;  ///< in the first epoch
  std::int64_t accumulation = 1;
  std::int64_t micro_batch_size = 1;
  std::int64_t steps_per_epoch = 0;
  std::int64_t steps = 0;
  std::int64_t first_step = 0;  ///< steps already made by the run that is resumed
  std::int64_t warmup_steps = 0;
  std::int64_t save_every = 0;  ///< 0: not by steps
  std::int64_t eval_every = 0;
  std::string schedule;
  double learning_rate = 0;
  std::string optimizer;
  std::vector<RateGroup> rates;

  std::string dtype;
  std::string device;
  std::string products;  ///< how matrix products are computed
  std::string simd;
  std::vector<std::string> kernels;
  int threads = 0;
  bool recompute = false;
  MemoryFacts memory;
};

/// Sums of a list of groups.
std::int64_t tensors_of(const std::vector<TensorGroup>& groups);
std::int64_t parameters_of(const std::vector<TensorGroup>& groups);

/// Groups names by replacing the numbers that differ with their ranges, in the order of first appearance.
std::vector<TensorGroup> group_tensors(const std::vector<std::pair<std::string, std::int64_t>>& names_and_sizes);

/// The page that a person reads, of about eight lines; `verbose` adds every name, the kernels and what memory is for.
std::string to_text(const RunFacts& facts, bool verbose, bool colours);
/// The same as one JSON object on one line, with every trainable name.
std::string to_json(const RunFacts& facts);

}  // namespace eft
