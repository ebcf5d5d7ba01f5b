#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "data/store/examples.h"
#include "train/job/job.h"

namespace eft {

/// What a run must share with the one that wrote a checkpoint to go on as if nothing had happened: hashes of contents,
/// and the options that decide which rows a batch holds. What an earlier eft did not keep is empty.
struct RunIdentity {
  std::string rows;           ///< tokens, labels and weights to train on, in order; of a stream the first ones
  std::string tokenizer;      ///< tokenizer.json
  std::string chat_template;  ///< of the chat rows
  std::string base;           ///< config.json and weights of base_model, of large files some blocks
  std::map<std::string, std::string> batches;  ///< by their keys
};

RunIdentity identity_of(const TrainJob& job, const Examples& rows);

/// Throws ConfigError, which names the first difference, where `now` cannot go on from `checkpoint` of the run `then`.
void require_same_run(const std::filesystem::path& checkpoint, const RunIdentity& then, const RunIdentity& now,
                      const TrainJob& job);

}  // namespace eft
