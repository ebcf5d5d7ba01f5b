#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>

#include "data/data_options.h"
#include "data/rows/row.h"

namespace eft {

/// The rows of one file, from the first to the last.
class RowFile {
 public:
  virtual ~RowFile() = default;
  /// The next row, or nothing at the end. A row that cannot be read alone says so itself (`RawRow::fault`); throws
  /// DataError (names the line) or FileError when nothing behind it can be read either.
  virtual std::optional<RawRow> next() = 0;
  /// Passes over up to `rows` rows and returns how many there were.
  virtual std::int64_t skip(std::int64_t rows);
};

/// The type of rows that a file's name tells, packed or not ("a.csv.gz"); nothing when it tells none.
std::optional<DatasetFileType> type_of_name(const std::filesystem::path& file);

/// Opens a file of rows: as `type` says, else as its first bytes say (Parquet, Arrow), else its name, else as JSON.
/// Throws FileError.
std::unique_ptr<RowFile> open_rows(const std::filesystem::path& file,
                                   std::optional<DatasetFileType> type = std::nullopt);

/// A JSON array of objects (or of strings, which become the column "text"), or objects one after the other, one a line
/// or over several lines.
std::unique_ptr<RowFile> open_json(const std::filesystem::path& file);

/// A CSV file (RFC 4180) whose first line names the columns. Every cell is text; an empty one is left out.
std::unique_ptr<RowFile> open_csv(const std::filesystem::path& file, char separator);

/// Lines of text, each a row with the column "text".
std::unique_ptr<RowFile> open_text(const std::filesystem::path& file);

/// The rows of a Parquet file, or an error when this build cannot read it.
std::unique_ptr<RowFile> open_parquet(const std::filesystem::path& file);

/// The rows of an Arrow file or stream, or an error when this build cannot read it.
std::unique_ptr<RowFile> open_arrow(const std::filesystem::path& file);

}  // namespace eft
