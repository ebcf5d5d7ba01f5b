#include <utility>

#include "data/sources/files/json_text.h"
#include "data/sources/files/row_file.h"
#include "data/sources/files/text_reader.h"

namespace eft {
namespace {

const ByteSet kLineEnds("\r\n");

/// Lines end with a line feed, a carriage return or both; empty ones are rows too, as the `datasets` library has it.
class TextRows : public RowFile {
 public:
  explicit TextRows(const std::filesystem::path& file) : reader_(file) {}

  std::optional<RawRow> next() override {
    if (reader_.peek() == TextReader::kEnd) return std::nullopt;
    RawRow row;
    row.where = reader_.where();
    std::string line;
    reader_.take_until(kLineEnds, line);
    reader_.take_line_end();
    if (auto fault = fault_of_text(line)) {
      row.fault = std::move(*fault);
      return row;
    }
    row.text.reserve(line.size() + 16);
    row.text = R"({"text": )";
    append_json_string(line, row.text);
    row.text += '}';
    return row;
  }

 private:
  TextReader reader_;
};

}  // namespace

std::unique_ptr<RowFile> open_text(const std::filesystem::path& file) { return std::make_unique<TextRows>(file); }

}  // namespace eft
