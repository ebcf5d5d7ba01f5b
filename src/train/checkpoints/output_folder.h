#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/folder_lock.h"
#include "report/memory_facts.h"
#include "train/job/job.h"

namespace eft {

/// Throws ConfigError when output_dir is a folder that the run reads, or holds something that no run wrote and that
/// this one could replace or remove. Changes nothing.
void check_output_folder(const TrainJob& job);

/// The output_dir of a run, kept from other processes from before the model loads until the run ends.
class OutputFolder {
 public:
  /// Makes the folder. Throws FileError when that, or writing there, is not possible, and when another run is there.
  explicit OutputFolder(std::filesystem::path folder);
  /// Removes what it made where no file came into it.
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Throws FileError unless `bytes` are free there.
  void require_space(std::int64_t bytes) const;

 private:
  std::filesystem::path folder_;
  std::vector<std::filesystem::path> made_;  // the innermost first
  std::optional<FolderLock> lock_;
};

/// Bytes of a checkpoint of a run whose steps were planned.
std::int64_t checkpoint_bytes(const TrainJob& job, const MemoryFacts& plan);

/// Readies output_dir for what a run writes there: the list of its files, those of an earlier eft among them, without
/// what processes that were killed left. Throws FileError.
void begin_output(const std::filesystem::path& folder);

}  // namespace eft
