#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "data/sources/files/row_file.h"
#include "data/sources/files/text_reader.h"

namespace eft {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
const ByteSet kLineEnd("\n");
const ByteSet kStringStops("\"\\");
const ByteSet kItemStops("\"{}[],");

void strip(std::string& text) {
  text.erase(std::min(text.find_last_not_of(kSpace) + 1, text.size()));
  text.erase(0, text.find_first_not_of(kSpace));
}

/// Counts the open brackets of a text that comes in lines.
class Brackets {
 public:
  void feed(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\\') ++i;
      if (c == '"') in_string_ = !in_string_;
      if (in_string_) continue;
      if (c == '{' || c == '[') ++depth_;
      if (c == '}' || c == ']') --depth_;
    }
  }
  /// An open string is an error for whoever parses the text: no line break may stand in one.
  bool open() const { return depth_ > 0 && !in_string_; }

 private:
  int depth_ = 0;
  bool in_string_ = false;
};

/// One object a line; empty lines are passed over. When the first object goes over several lines, all may.
class JsonLines : public RowFile {
 public:
  explicit JsonLines(TextReader reader) : reader_(std::move(reader)) {}

  std::optional<RawRow> next() override {
    while (reader_.peek() != TextReader::kEnd) {
      RawRow row;
      row.where = reader_.where();
      take_line(row.text);
      if (row.text.empty()) continue;
      if (first_ || several_lines_) take_rest(row);
      first_ = false;
      return row;
    }
    return std::nullopt;
  }

 private:
  void take_line(std::string& line) {
    reader_.take_until(kLineEnd, line);
    reader_.take();
    strip(line);
  }

  void take_rest(RawRow& row) {
    Brackets brackets;
    brackets.feed(row.text);
    std::string line;
    for (; brackets.open(); brackets.feed(line)) {
      several_lines_ = true;
      if (reader_.peek() == TextReader::kEnd) throw DataError("{}: not valid JSON, an object has no end", row.where);
      line.clear();
      reader_.take_until(kLineEnd, line);
      reader_.take();
      row.text += '\n';
      row.text += line;
    }
  }

  TextReader reader_;
  bool first_ = true;
  bool several_lines_ = false;
};

/// The items of a JSON array, found by brackets and strings alone; each is parsed by whoever takes it.
class JsonArray : public RowFile {
 public:
  explicit JsonArray(TextReader reader) : reader_(std::move(reader)) { reader_.take(); }  // the opening bracket

  std::optional<RawRow> next() override {
    if (done_) return std::nullopt;
    reader_.skip_space();
    if (reader_.peek() == TextReader::kEnd) fail("the list has no end");
    if (reader_.peek() == ']') {
      finish();
      return std::nullopt;
    }
    if (!first_ && !comma_) fail("no comma between two rows");
    RawRow row;
    row.where = reader_.where();
    take_item(row.text);
    strip(row.text);
    if (row.text.empty()) fail("a row is empty");
    // A list of strings is a list of texts, as the `datasets` library has it.
    if (row.text[0] == '"') row.text = R"({"text": )" + row.text + '}';
    first_ = false;
    comma_ = reader_.peek() == ',';
    if (comma_) reader_.take();
    return row;
  }

 private:
  [[noreturn]] void fail(const char* what) const { throw DataError("{}: not valid JSON, {}", reader_.where(), what); }

  void finish() {
    if (comma_) fail("a comma before the end of the list");
    reader_.take();
    reader_.skip_space();
    if (reader_.peek() != TextReader::kEnd) fail("something follows the list");
    done_ = true;
  }

  void take_byte(std::string& text) {
    const int byte = reader_.take();
    if (byte != TextReader::kEnd) text += static_cast<char>(byte);
  }

  void take_string(std::string& text) {
    const std::string where = reader_.where();
    take_byte(text);
    for (;;) {
      reader_.take_until(kStringStops, text);
      const int byte = reader_.peek();
      if (byte == TextReader::kEnd) throw DataError("{}: not valid JSON, a string has no end", where);
      take_byte(text);
      if (byte == '"') return;
      take_byte(text);
    }
  }

  /// Up to the comma or bracket that ends the item.
  void take_item(std::string& text) {
    for (int depth = 0;;) {
      reader_.take_until(kItemStops, text);
      const int byte = reader_.peek();
      if (byte == TextReader::kEnd) return;
      if (byte == '"') {
        take_string(text);
        continue;
      }
      if (depth == 0 && (byte == ',' || byte == ']' || byte == '}')) return;
      if (byte == '{' || byte == '[') ++depth;
      if (byte == '}' || byte == ']') --depth;
      take_byte(text);
    }
  }

  TextReader reader_;
  bool first_ = true;
  bool comma_ = false;
  bool done_ = false;
};

}  // namespace

std::unique_ptr<RowFile> open_json(const std::filesystem::path& file) {
  TextReader reader(file);
  reader.skip_space();
  if (reader.peek() == '[') return std::make_unique<JsonArray>(std::move(reader));
  return std::make_unique<JsonLines>(std::move(reader));
}

}  // namespace eft
