#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/sources/files/row_file.h"
#include "data/test_files.h"

namespace eft {
namespace {

using std::string_literals::operator""s;  // for texts with a NUL byte

/// What `open_rows` reads of a file with this name and text: each row, or "!" and what is wrong with it.
std::vector<std::string> rows_in(const TestFolder& folder, const std::string& name, const std::string& text,
                                 std::optional<DatasetFileType> type = std::nullopt) {
  const auto file = open_rows(folder.write(name, text), type);
  std::vector<std::string> rows;
  while (auto row = file->next()) {
    const std::string wrong = message_of<DataError>([&] { parse_row(*row); });
    rows.push_back(wrong.empty() ? row->text : "!" + wrong.substr(folder.path().string().size() + 1));
  }
  return rows;
}

using Rows = std::vector<std::string>;

TEST(Files, json_lines_know_their_lines) {
  const TestFolder folder;
  const std::string path = folder.write("rows.jsonl", "\xEF\xBB\xBF{\"a\": 1}\r\n\r\n  {\"b\": [2]}  \n{}");
  const auto file = open_rows(path);
  auto row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, R"({"a": 1})");
  EXPECT_EQ(row->where, path + ":1");
  row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, R"({"b": [2]})");
  EXPECT_EQ(row->where, path + ":3");
  EXPECT_EQ(file->next()->where, path + ":4");
  EXPECT_FALSE(file->next());
}

TEST(Files, arrays_are_cut_into_rows) {
  const TestFolder folder;
  const std::string path = folder.write("rows.json", " [\n {\"a\": \"],}\\\"\"},\n\n {\"b\": [1, {\"c\": 2}]} ]\n");
  const auto file = open_rows(path);
  auto row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, "{\"a\": \"],}\\\"\"}");
  EXPECT_EQ(row->where, path + ":2");
  row = file->next();
  ASSERT_TRUE(row);
  EXPECT_EQ(row->text, "{\"b\": [1, {\"c\": 2}]}");
  EXPECT_EQ(row->where, path + ":4");
  EXPECT_FALSE(file->next());
  EXPECT_FALSE(file->next());
  EXPECT_FALSE(open_rows(folder.write("empty.json", "[]"))->next());
  EXPECT_FALSE(open_rows(folder.write("nothing.json", ""))->next());
}

TEST(Files, broken_arrays_are_refused) {
  const TestFolder folder;
  int n = 0;
  for (const char* text : {"[{}", "[{} {}]", "[{},]", "[,{}]", "[{}] x", "[\"abc", "[{}}]"}) {
    const auto file = open_rows(folder.write(std::to_string(n++) + ".json", text));
    const auto read = [&] {
      while (auto row = file->next()) parse_row(*row);
    };
    EXPECT_NE(message_of<DataError>(read).find("not valid JSON"), std::string::npos) << text;
  }
}

TEST(Files, objects_may_go_over_several_lines) {
  const TestFolder folder;
  const std::string path = folder.write("rows.json", "{\n \"a\": \"]}\",\n\n \"b\": [\n1]}\n\n{\"a\": 2}\n{\n}");
  const auto file = open_rows(path);
  auto row = file->next();
  EXPECT_EQ(parse_row(*row).dump(), R"({"a":"]}","b":[1]})");
  EXPECT_EQ(row->where, path + ":1");
  EXPECT_EQ(file->next()->text, R"({"a": 2})");
  row = file->next();
  EXPECT_EQ(parse_row(*row).dump(), "{}");
  EXPECT_EQ(row->where, path + ":8");
  EXPECT_FALSE(file->next());
  const auto broken = [&] { rows_in(folder, "open.json", "{\"a\": [1}\n\n{}\n"); };
  EXPECT_NE(message_of<DataError>(broken).find("open.json:1: not valid JSON, an object has no end"), std::string::npos);
}

TEST(Files, a_list_of_strings_is_a_list_of_texts) {
  const TestFolder folder;
  EXPECT_EQ(rows_in(folder, "a.json", R"(["x, \"y\"", "z"])"), (Rows{R"({"text": "x, \"y\""})", R"({"text": "z"})"}));
}

TEST(Files, broken_json_rows_are_named_by_their_line) {
  const TestFolder folder;
  const Rows rows = rows_in(folder, "a.jsonl", "{}\n{\"a\": \"\xFF\"}\n\"x\"\n{\"a\": \"\0\"}\n{\"a\"\n{}"s);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0], "{}");
  EXPECT_TRUE(rows[1].starts_with("!a.jsonl:2: not valid JSON, column 8: ")) << rows[1];
  EXPECT_EQ(rows[2], "!a.jsonl:3: the row is string, expected an object");
  EXPECT_TRUE(rows[3].starts_with("!a.jsonl:4: not valid JSON, column 8: ")) << rows[3];
  EXPECT_TRUE(rows[4].starts_with("!a.jsonl:5: not valid JSON, column ")) << rows[4];
  EXPECT_EQ(rows[5], "{}");
}

TEST(Files, csv_cells_are_text) {
  const TestFolder folder;
  const std::string path =
      folder.write("rows.csv",
                   "\xEF\xBB\xBF"
                   "a,b c\r\n1.50,true\r\n\r\n\"x, \"\"y\"\"\",\"l1\r\nl2\"\r\n,\"\"\nNA, z\"q\" ");
  const auto file = open_rows(path);
  const Rows expected = {R"({"a": "1.50", "b c": "true"})", R"({"a": "x, \"y\"", "b c": "l1\u000d\nl2"})", "{}",
                         R"({"a": "NA", "b c": " z\"q\" "})"};
  const std::vector<int> at = {2, 4, 6, 7};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto row = file->next();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->text, expected[i]);
    EXPECT_EQ(row->where, path + ":" + std::to_string(at[i]));
  }
  EXPECT_FALSE(file->next());
  EXPECT_EQ(rows_in(folder, "tab.tsv", "a\tb\r1,2\t3\r"), Rows{R"({"a": "1,2", "b": "3"})"});
  EXPECT_EQ(rows_in(folder, "index.csv", ",a\n0,x\n"), Rows{R"({"Unnamed: 0": "0", "a": "x"})"});
  EXPECT_EQ(rows_in(folder, "data", "a\nx\n", DatasetFileType::csv), Rows{R"({"a": "x"})"});
  EXPECT_TRUE(rows_in(folder, "head.csv", "a,b\n").empty());
  EXPECT_TRUE(rows_in(folder, "none.csv", "").empty());
}

TEST(Files, broken_csv_is_named_by_its_line) {
  const TestFolder folder;
  const Rows rows = rows_in(folder, "a.csv", "a,b\n1,2,3\n4\n\"x\"y,z\nq,\xC3(\nn,\0\nok,ok\n"s);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows[0], "!a.csv:2: 3 cells, expected 2 as in the first line; a cell with a comma needs quotes");
  EXPECT_TRUE(rows[1].starts_with("!a.csv:3: 1 cells, expected 2")) << rows[1];
  EXPECT_TRUE(rows[2].starts_with("!a.csv:4: text behind a closing quote, 'y'")) << rows[2];
  EXPECT_TRUE(rows[3].starts_with("!a.csv:5: column 'b': 0xc3 at byte 1 is not UTF-8")) << rows[3];
  EXPECT_TRUE(rows[4].starts_with("!a.csv:6: column 'b': a NUL byte at byte 1")) << rows[4];
  EXPECT_EQ(rows[5], R"({"a": "ok", "b": "ok"})");
  const auto message = [&](const char* text) { return message_of<DataError>([&] { rows_in(folder, "b.csv", text); }); };
  EXPECT_NE(message("a,b\n1,2\nx,\"y\n").find("b.csv:3: a cell begins with a quote that has no end"),
            std::string::npos);
  EXPECT_NE(message("a,b,a\n").find("b.csv:1: two columns are named 'a'"), std::string::npos);
}

TEST(Files, lines_of_text_are_rows) {
  const TestFolder folder;
  const std::string path = folder.write("a.txt", "one\n\ntwo\r\nthree\rfo\"ur\n ");
  const auto file = open_rows(path);
  for (const char* text : {"one", "", "two", "three", "fo\\\"ur", " "}) {
    const auto row = file->next();
    ASSERT_TRUE(row);
    EXPECT_EQ(row->text, "{\"text\": \"" + std::string(text) + "\"}");
  }
  EXPECT_FALSE(file->next());
  EXPECT_TRUE(rows_in(folder, "b.txt", "a\n\xE4\n")[1].starts_with("!b.txt:2: 0xe4 at byte 1 is not UTF-8"));
}

TEST(Files, utf_16_and_archives_are_refused) {
  const TestFolder folder;
  const auto message = [&](const std::string& text) {
    return message_of<FileError>([&] { rows_in(folder, "a.jsonl", text); });
  };
  EXPECT_NE(message("\xFF\xFE{\0}\0"s).find("UTF-16"), std::string::npos);
  EXPECT_NE(message("PK\x03\x04....").find("a zip archive"), std::string::npos);
  EXPECT_NE(message("BZh91AY&SY").find("packed with bzip2"), std::string::npos);
  EXPECT_NE(
      message_of<FileError>([&] { rows_in(folder, "a", "PAR1", DatasetFileType::json); }).find("leave ds_type out"),
      std::string::npos);
  EXPECT_NE(message_of<FileError>([&] { open_rows(folder.path()); }).find("is a folder"), std::string::npos);
}

std::string packed_gzip(const TestFolder& folder, const std::string& text) {
  const std::string path = (folder.path() / "pack.tmp").string();
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  return read_text(path);
}

std::string packed_zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

TEST(Files, gzip_and_zstd_are_unpacked_by_what_they_hold) {
  const TestFolder folder;
  std::string text;
  Rows rows;
  for (int i = 0; i < 30000; ++i) rows.push_back("{\"n\": " + std::to_string(i * 7919 % 65537) + "}");
  for (const std::string& row : rows) text += row + "\n";
  const std::string half = text.substr(text.size() / 2);
  const std::string start = text.substr(0, text.size() / 2);
  // Several members or frames one after the other are one file.
  EXPECT_EQ(rows_in(folder, "a.jsonl.gz", packed_gzip(folder, start) + packed_gzip(folder, half)), rows);
  EXPECT_EQ(rows_in(folder, "a.jsonl.zst", packed_zstd(start) + packed_zstd(half)), rows);
  EXPECT_EQ(rows_in(folder, "plainly.named", packed_zstd(text)), rows);
  EXPECT_EQ(rows_in(folder, "a.csv.gz", packed_gzip(folder, "a\nx\n")), Rows{R"({"a": "x"})"});
  EXPECT_EQ(rows_in(folder, "a.txt.zst", packed_zstd("x\n")), Rows{R"({"text": "x"})"});
  EXPECT_EQ(rows_in(folder, "a.json.gz", packed_gzip(folder, "[{}]")), Rows{"{}"});
}

TEST(Files, broken_packed_files_are_refused) {
  const TestFolder folder;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::to_string(i * 7919 % 65537) + "\n";
  for (const std::string& whole : {packed_gzip(folder, text), packed_zstd(text)}) {
    const auto message = [&](const std::string& packed) {
      return message_of<FileError>([&] { rows_in(folder, "a.txt", packed); });
    };
    EXPECT_NE(message(whole.substr(0, whole.size() / 2)).find("ends in the middle"), std::string::npos);
    std::string broken = whole;
    for (std::size_t i = broken.size() / 2; i < broken.size() / 2 + 16; ++i) broken[i] = static_cast<char>(~broken[i]);
    EXPECT_NE(message(broken), "");
  }
}

}  // namespace
}  // namespace eft
