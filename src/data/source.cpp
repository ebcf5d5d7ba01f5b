#include "data/source.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "data/data_files.h"

namespace eft {
namespace {

constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();

std::int64_t count_rows(const std::vector<std::filesystem::path>& files, std::optional<DatasetFileType> type) {
  std::int64_t rows = 0;
  for (const std::filesystem::path& file : files) rows += open_rows(file, type)->skip(kAll);
  return rows;
}

}  // namespace

RowSource::RowSource(const DatasetOptions& given, bool for_evaluation) {
  const DatasetOptions options = with_local_path(given);
  const std::vector<SplitPart> parts = parse_split(options.split.value_or(default_split(options, for_evaluation)));
  for (const SplitPart& part : parts) {
    if (part.name != parts[0].name) {
      throw ConfigError("split: '{}' mixes splits, expected one; list the dataset twice", *options.split);
    }
  }
  type_ = options.ds_type;
  files_ = find_data_files(options, parts[0].name);
  const bool count = std::any_of(parts.begin(), parts.end(), needs_count);
  const std::int64_t rows = count ? count_rows(files_, type_) : kAll;
  for (const SplitPart& part : parts) ranges_.push_back(range_of(part, rows));
}

RowFile& RowSource::open_file() {
  if (!open_) open_ = open_rows(files_[file_], type_);
  return *open_;
}

std::optional<RawRow> RowSource::next_of_files() {
  for (; file_ < files_.size(); ++file_, open_.reset()) {
    if (auto row = open_file().next()) {
      ++position_;
      return row;
    }
  }
  return std::nullopt;
}

std::int64_t RowSource::skip_in_files(std::int64_t rows) {
  std::int64_t passed = 0;
  for (; file_ < files_.size(); ++file_, open_.reset()) {
    passed += open_file().skip(rows - passed);
    if (passed == rows) break;
  }
  position_ += passed;
  return passed;
}

/// Moves to the first row of the current range, or to the end of the files.
void RowSource::start_range() {
  if (started_) return;
  started_ = true;
  if (position_ > ranges_[range_].begin) {
    file_ = 0;
    open_.reset();
    position_ = 0;
  }
  skip_in_files(ranges_[range_].begin - position_);
}

std::optional<RawRow> RowSource::next() {
  for (; range_ < ranges_.size(); ++range_, started_ = false) {
    start_range();
    if (position_ >= ranges_[range_].end) continue;
    if (auto row = next_of_files()) return row;
  }
  return std::nullopt;
}

std::int64_t RowSource::skip(std::int64_t rows) {
  std::int64_t passed = 0;
  for (; range_ < ranges_.size(); ++range_, started_ = false) {
    start_range();
    const std::int64_t left = std::max<std::int64_t>(ranges_[range_].end - position_, 0);
    passed += skip_in_files(std::min(left, rows - passed));
    if (passed == rows) break;
  }
  return passed;
}

}  // namespace eft
