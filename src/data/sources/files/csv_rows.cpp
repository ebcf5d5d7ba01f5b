#include <unordered_set>
#include <utility>
#include <vector>

#include "base/json.h"
#include "data/sources/files/json_text.h"
#include "data/sources/files/row_file.h"
#include "data/sources/files/text_reader.h"

namespace eft {
namespace {

const ByteSet kQuote("\"");

class CsvRows : public RowFile {
 public:
  CsvRows(const std::filesystem::path& file, char separator)
      : reader_(file), separator_(separator), cell_ends_(std::string("\r\n") + separator) {
    std::string where;
    std::string fault;
    if (!take_record(columns_, where, fault)) return;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (const auto wrong = fault_of_text(columns_[i])) fault = *wrong;
      if (columns_[i].empty()) columns_[i] = fmt::format("Unnamed: {}", i);
    }
    if (!fault.empty()) throw DataError("{}: {}", where, fault);
    if (columns_.size() > kJsonMembers) {
      throw DataError("{}: {} columns, expected at most {}", where, columns_.size(), kJsonMembers);
    }
    std::unordered_set<std::string_view> names;
    for (const std::string& column : columns_) {
      if (names.insert(column).second) continue;
      throw DataError("{}: two columns are named '{}', expected each name once", where, column);
    }
  }

  std::optional<RawRow> next() override {
    RawRow row;
    if (!take_record(cells_, row.where, row.fault)) return std::nullopt;
    if (row.fault.empty() && cells_.size() != columns_.size()) {
      row.fault = fmt::format("{} cells, expected {} as in the first line; a cell with a comma needs quotes",
                              cells_.size(), columns_.size());
    }
    if (row.fault.empty()) write(row);
    return row;
  }

 private:
  void write(RawRow& row) const {
    row.text = '{';
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (cells_[i].empty()) continue;
      if (auto wrong = fault_of_text(cells_[i])) {
        row.fault = fmt::format("column '{}': {}", columns_[i], *wrong);
        return;
      }
      if (row.text.size() > 1) row.text += ", ";
      append_json_string(columns_[i], row.text);
      row.text += ": ";
      append_json_string(cells_[i], row.text);
    }
    row.text += '}';
  }

  /// The cells of the next line that is not empty; a cell in quotes may go over several. False at the end.
  bool take_record(std::vector<std::string>& cells, std::string& where, std::string& fault) {
    cells.clear();
    while (reader_.peek() == '\n' || reader_.peek() == '\r') reader_.take_line_end();
    if (reader_.peek() == TextReader::kEnd) return false;
    where = reader_.where();
    for (;;) {
      std::string& cell = cells.emplace_back();
      if (reader_.peek() == '"') {
        take_quoted(cell, fault);
      } else {
        reader_.take_until(cell_ends_, cell);
      }
      if (reader_.peek() != static_cast<unsigned char>(separator_)) break;
      reader_.take();
    }
    reader_.take_line_end();
    return true;
  }

  void take_quoted(std::string& cell, std::string& fault) {
    const std::string where = reader_.where();
    for (reader_.take();; reader_.take()) {
      reader_.take_until(kQuote, cell);
      if (reader_.take() == TextReader::kEnd) throw DataError("{}: a cell begins with a quote that has no end", where);
      if (reader_.peek() != '"') break;
      cell += '"';
    }
    std::string behind;
    reader_.take_until(cell_ends_, behind);
    if (behind.empty()) return;
    fault = fmt::format(
        "text behind a closing quote, '{}', expected the end of the cell; a quote inside a cell is written "
        "twice",
        behind.substr(0, 20));
  }

  TextReader reader_;
  char separator_;
  ByteSet cell_ends_;
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;
};

}  // namespace

std::unique_ptr<RowFile> open_csv(const std::filesystem::path& file, char separator) {
  return std::make_unique<CsvRows>(file, separator);
}

}  // namespace eft
