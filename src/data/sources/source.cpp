#include "data/sources/source.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "data/sources/data_files.h"

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
  type_ = options.ds_type;
  std::set<std::filesystem::path> known;
  for (const SplitPart& part : parse_split(options.split.value_or(default_split(options, for_evaluation)))) {
    std::vector<std::filesystem::path> files = find_data_files(options, part.name);
    for (const std::filesystem::path& file : files) {
      if (known.insert(file).second) files_.push_back(file);
    }
    const std::int64_t rows = needs_count(part) ? count_rows(files, type_) : kAll;
    parts_.push_back({std::move(files), range_of(part, rows)});
  }
}

RowFile& RowSource::open_file() {
  if (!open_) open_ = open_rows(parts_[part_].files[file_], type_);
  return *open_;
}

std::optional<RawRow> RowSource::next_of_files() {
  for (; file_ < parts_[part_].files.size(); ++file_, open_.reset()) {
    if (auto row = open_file().next()) {
      ++position_;
      return row;
    }
  }
  return std::nullopt;
}

std::int64_t RowSource::skip_in_files(std::int64_t rows) {
  std::int64_t passed = 0;
  for (; file_ < parts_[part_].files.size(); ++file_, open_.reset()) {
    passed += open_file().skip(rows - passed);
    if (passed == rows) break;
  }
  position_ += passed;
  return passed;
}

/// Moves to the first row of the current part, or to the end of its files.
void RowSource::start_part() {
  if (started_) return;
  started_ = true;
  const bool goes_on = part_ > 0 && parts_[part_].files == parts_[part_ - 1].files;
  if (!goes_on || position_ > parts_[part_].rows.begin) {
    file_ = 0;
    open_.reset();
    position_ = 0;
  }
  skip_in_files(parts_[part_].rows.begin - position_);
}

std::optional<RawRow> RowSource::next() {
  for (; part_ < parts_.size(); ++part_, started_ = false) {
    start_part();
    if (position_ >= parts_[part_].rows.end) continue;
    if (auto row = next_of_files()) return row;
  }
  return std::nullopt;
}

std::int64_t RowSource::skip(std::int64_t rows) {
  std::int64_t passed = 0;
  for (; part_ < parts_.size(); ++part_, started_ = false) {
    start_part();
    const std::int64_t left = std::max<std::int64_t>(parts_[part_].rows.end - position_, 0);
    passed += skip_in_files(std::min(left, rows - passed));
    if (passed == rows) break;
  }
  return passed;
}

}  // namespace eft
