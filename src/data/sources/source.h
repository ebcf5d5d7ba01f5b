#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "data/data_options.h"
#include "data/sources/files/row_file.h"
#include "data/batches/split.h"

namespace eft {

/// The rows of an entry of `datasets`: all its files one after the other, cut to its `split`. Holds one file open and
/// one row in memory.
class RowSource {
 public:
  /// Finds the files. Throws FileError or ConfigError as find_data_files and parse_split do.
  RowSource(const DatasetOptions& options, bool for_evaluation);
  std::optional<RawRow> next();
  /// Passes over up to `rows` rows and returns how many there were.
  std::int64_t skip(std::int64_t rows);
  /// What it reads, in that order.
  const std::vector<std::filesystem::path>& files() const { return files_; }

 private:
  std::optional<RawRow> next_of_files();
  std::int64_t skip_in_files(std::int64_t rows);
  RowFile& open_file();
  void start_part();

  std::optional<DatasetFileType> type_;
  /// Rows of one split, in the order asked for.
  struct Part {
    std::vector<std::filesystem::path> files;
    RowRange rows;  // absolute
  };
  std::vector<std::filesystem::path> files_;
  std::vector<Part> parts_;
  std::size_t part_ = 0;
  std::size_t file_ = 0;
  std::unique_ptr<RowFile> open_;
  std::int64_t position_ = 0;  // of the next row, over all files of the part
  bool started_ = false;
};

}  // namespace eft
