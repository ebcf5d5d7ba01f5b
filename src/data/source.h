#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "data/data_options.h"
#include "data/row.h"
#include "data/split.h"

namespace eft {

/// The rows of one file, from the first to the last.
class RowFile {
 public:
  virtual ~RowFile() = default;
  /// The next row, or nothing at the end. Throws DataError (broken file; names the line).
  virtual std::optional<RawRow> next() = 0;
};

/// Opens a JSON array of objects or JSON lines, whichever the file holds. Throws FileError.
std::unique_ptr<RowFile> open_rows(const std::filesystem::path& file);

/// The rows of an entry of `datasets`: all its files one after the other, cut to its `split`. Holds one file open and
/// one row in memory.
class RowSource {
 public:
  /// Finds the files. Throws FileError or ConfigError as find_data_files and parse_split do.
  RowSource(const DatasetOptions& options, bool for_evaluation);
  std::optional<RawRow> next();

 private:
  std::optional<RawRow> next_of_files();
  bool start_range();

  std::vector<std::filesystem::path> files_;
  std::vector<RowRange> ranges_;  // absolute, in the order asked for
  std::size_t range_ = 0;
  std::size_t file_ = 0;
  std::unique_ptr<RowFile> open_;
  std::int64_t position_ = 0;  // of the next row, over all files
  bool started_ = false;
};

}  // namespace eft
