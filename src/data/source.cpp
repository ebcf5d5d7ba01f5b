#include "data/source.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "data/data_files.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSpace = " \t\r\n";

/// The text of a mapped file, without a byte order mark.
std::string_view text_of(const MappedFile& file) {
  std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

std::string_view stripped(std::string_view line) {
  const auto begin = line.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kSpace) - begin + 1);
}

/// One object a line; empty lines are passed over.
class JsonLines : public RowFile {
 public:
  explicit JsonLines(std::unique_ptr<MappedFile> file) : file_(std::move(file)), rest_(text_of(*file_)) {}

  std::optional<RawRow> next() override {
    while (!rest_.empty()) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      const std::string_view line = stripped(rest_.substr(0, end));
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++line_;
      if (!line.empty()) return RawRow{std::string(line), fmt::format("{}:{}", file_->path().string(), line_)};
    }
    return std::nullopt;
  }

 private:
  std::unique_ptr<MappedFile> file_;
  std::string_view rest_;
  std::int64_t line_ = 0;
};

/// The items of a JSON array, found by brackets and strings alone; each is parsed by whoever takes it.
class JsonArray : public RowFile {
 public:
  explicit JsonArray(std::unique_ptr<MappedFile> file) : file_(std::move(file)), text_(text_of(*file_)) {
    skip_space();
    ++position_;  // the opening bracket
  }

  std::optional<RawRow> next() override {
    if (done_) return std::nullopt;
    skip_space();
    if (at_end()) fail("the list has no end");
    if (text_[position_] == ']') {
      finish();
      return std::nullopt;
    }
    if (!first_ && !comma_) fail("no comma between two rows");
    const std::int64_t line = line_;
    const std::string_view item = stripped(take_item());
    if (item.empty()) fail("a row is empty");
    first_ = false;
    comma_ = !at_end() && text_[position_] == ',';
    if (comma_) ++position_;
    return RawRow{std::string(item), fmt::format("{}:{}", file_->path().string(), line)};
  }

 private:
  bool at_end() const { return position_ >= text_.size(); }

  [[noreturn]] void fail(const char* what) const {
    throw DataError("{}:{}: not valid JSON, {}", file_->path().string(), line_, what);
  }

  void finish() {
    if (comma_) fail("a comma before the end of the list");
    ++position_;
    skip_space();
    if (!at_end()) fail("something follows the list");
    done_ = true;
  }

  void step() {
    if (text_[position_] == '\n') ++line_;
    ++position_;
  }

  void skip_space() {
    while (!at_end() && kSpace.find(text_[position_]) != std::string_view::npos) step();
  }

  void skip_string() {
    for (step(); !at_end() && text_[position_] != '"'; step()) {
      if (text_[position_] == '\\' && position_ + 1 < text_.size()) step();
    }
    if (at_end()) fail("a string has no end");
    ++position_;
  }

  /// Up to the comma or bracket that ends the item.
  std::string_view take_item() {
    const std::size_t begin = position_;
    for (int depth = 0; !at_end();) {
      const char c = text_[position_];
      if (c == '"') {
        skip_string();
        continue;
      }
      if (depth == 0 && (c == ',' || c == ']' || c == '}')) break;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      step();
    }
    return text_.substr(begin, position_ - begin);
  }

  std::unique_ptr<MappedFile> file_;
  std::string_view text_;
  std::size_t position_ = 0;
  std::int64_t line_ = 1;
  bool first_ = true;
  bool comma_ = false;
  bool done_ = false;
};

std::int64_t count_rows(const std::vector<fs::path>& files) {
  std::int64_t rows = 0;
  for (const fs::path& path : files) {
    const auto file = open_rows(path);
    while (file->next()) ++rows;
  }
  return rows;
}

}  // namespace

std::unique_ptr<RowFile> open_rows(const fs::path& file) {
  auto mapped = std::make_unique<MappedFile>(file);
  const std::string_view text = text_of(*mapped);
  const auto first = text.find_first_not_of(kSpace);
  if (first != std::string_view::npos && text[first] == '[') return std::make_unique<JsonArray>(std::move(mapped));
  return std::make_unique<JsonLines>(std::move(mapped));
}

RowSource::RowSource(const DatasetOptions& given, bool for_evaluation) {
  const DatasetOptions options = with_local_path(given);
  // A file has the split train only; a folder may have a test split, which is what evaluation wants.
  const bool folder = fs::is_directory(options.path) && options.data_files.empty();
  const std::string fallback = for_evaluation && folder ? "test" : "train";
  const std::vector<SplitPart> parts = parse_split(options.split.value_or(fallback));
  for (const SplitPart& part : parts) {
    if (part.name != parts[0].name) {
      throw ConfigError("split: '{}' mixes splits, expected one; list the dataset twice", *options.split);
    }
  }
  files_ = find_data_files(options, parts[0].name);
  const bool all = std::all_of(parts.begin(), parts.end(), is_whole);
  const std::int64_t rows = all ? std::numeric_limits<std::int64_t>::max() : count_rows(files_);
  for (const SplitPart& part : parts) ranges_.push_back(range_of(part, rows));
}

std::optional<RawRow> RowSource::next_of_files() {
  for (; file_ < files_.size(); ++file_, open_.reset()) {
    if (!open_) open_ = open_rows(files_[file_]);
    if (auto row = open_->next()) {
      ++position_;
      return row;
    }
  }
  return std::nullopt;
}

/// Moves to the first row of the current range; false when there is none.
bool RowSource::start_range() {
  if (position_ > ranges_[range_].begin) {
    file_ = 0;
    open_.reset();
    position_ = 0;
  }
  while (position_ < ranges_[range_].begin) {
    if (!next_of_files()) return false;
  }
  return true;
}

std::optional<RawRow> RowSource::next() {
  for (; range_ < ranges_.size(); ++range_, started_ = false) {
    if (!started_ && !start_range()) continue;
    started_ = true;
    if (position_ >= ranges_[range_].end) continue;
    if (auto row = next_of_files()) return row;
  }
  return std::nullopt;
}

}  // namespace eft
