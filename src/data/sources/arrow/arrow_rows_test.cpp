#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/sources/files/row_file.h"
#include "data/test_files.h"

// Built with EFT_ARROW only.
namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// {"role": …, "content": …}, each row of `rows` a list of them; a null content is a null of the struct's field.
std::shared_ptr<arrow::Array> messages() {
  const auto type = arrow::struct_({arrow::field("role", arrow::utf8()), arrow::field("content", arrow::large_utf8())});
  const auto role = std::make_shared<arrow::StringBuilder>();
  const auto content = std::make_shared<arrow::LargeStringBuilder>();
  const auto message = std::make_shared<arrow::StructBuilder>(
      type, arrow::default_memory_pool(), std::vector<std::shared_ptr<arrow::ArrayBuilder>>{role, content});
  arrow::ListBuilder list(arrow::default_memory_pool(), message);
  const auto add = [&](const char* who, const char* what) {
    EXPECT_TRUE(message->Append().ok() && role->Append(who).ok());
    EXPECT_TRUE((what != nullptr ? content->Append(what) : content->AppendNull()).ok());
  };
  EXPECT_TRUE(list.Append().ok());
  add("user", "\"Hi\"\n\xF0\x9F\x98\x80");
  add("assistant", nullptr);
  EXPECT_TRUE(list.AppendNull().ok());
  EXPECT_TRUE(list.Append().ok());
  return *list.Finish();
}

template <class Builder>
std::shared_ptr<arrow::Array> column(const auto& values) {
  Builder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}

std::shared_ptr<arrow::Table> table() {
  const auto integers = column<arrow::Int64Builder>(
      std::vector<std::optional<std::int64_t>>{std::numeric_limits<std::int64_t>::min(), std::nullopt, 3});
  const auto reals = column<arrow::DoubleBuilder>(std::vector<std::optional<double>>{1.0, 0.1, std::nan("")});
  const auto truths = column<arrow::BooleanBuilder>(std::vector<std::optional<bool>>{true, false, std::nullopt});
  const auto bytes = column<arrow::BinaryBuilder>(std::vector<std::optional<std::string>>{"\xFF", "a", std::nullopt});
  const auto schema = arrow::schema({arrow::field("messages", messages()->type()), arrow::field("id", arrow::int64()),
                                     arrow::field("score", arrow::float64()), arrow::field("good", arrow::boolean()),
                                     arrow::field("image", arrow::binary())});
  return arrow::Table::Make(schema, {messages(), integers, reals, truths, bytes});
}

const std::vector<std::string> kRows = {R"({"messages":[{"role":"user","content":"\"Hi\"\n😀"},{"role":"assistant"}],)"
                                        R"("id":-9223372036854775808,"score":1.0,"good":true})",
                                        R"({"score":0.1,"good":false})", R"({"messages":[],"id":3})"};

void write(const std::string& path, const std::function<arrow::Status(arrow::io::OutputStream*)>& write_to) {
  const auto out = *arrow::io::FileOutputStream::Open(path);
  ASSERT_TRUE(write_to(out.get()).ok());
  ASSERT_TRUE(out->Close().ok());
}

std::string write_parquet(const TestFolder& folder) {
  const std::string path = (folder.path() / "rows.parquet").string();
  write(path, [](arrow::io::OutputStream* out) {
    return parquet::arrow::WriteTable(*table(), arrow::default_memory_pool(),
                                      std::shared_ptr<arrow::io::OutputStream>(out, [](auto*) {}), 2);
  });
  return path;
}

std::string write_arrow(const TestFolder& folder, bool as_stream) {
  const std::string path = (folder.path() / (as_stream ? "stream.arrow" : "file.arrow")).string();
  write(path, [as_stream](arrow::io::OutputStream* out) {
    const auto writer = as_stream ? *arrow::ipc::MakeStreamWriter(out, table()->schema())
                                  : *arrow::ipc::MakeFileWriter(out, table()->schema());
    ARROW_RETURN_NOT_OK(writer->WriteTable(*table(), 2));
    return writer->Close();
  });
  return path;
}

void expect_rows(const std::string& path) {
  const auto file = open_rows(path);
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    const auto row = file->next();
    ASSERT_TRUE(row);
    EXPECT_EQ(parse_row(*row).dump(), kRows[i]);
    EXPECT_EQ(row->where, path + ":" + std::to_string(i + 1));
  }
  EXPECT_FALSE(file->next());
  EXPECT_EQ(open_rows(path)->skip(99), 3);
  const auto last = open_rows(path);
  EXPECT_EQ(last->skip(2), 2);
  EXPECT_EQ(parse_row(*last->next()).dump(), kRows[2]);
}

TEST(Arrow, parquet_rows_are_those_of_json_lines) {
  const TestFolder folder;
  expect_rows(write_parquet(folder));
}

TEST(Arrow, files_and_streams_are_told_apart) {
  const TestFolder folder;
  expect_rows(write_arrow(folder, false));
  expect_rows(write_arrow(folder, true));
}

TEST(Arrow, what_they_hold_counts_not_their_name) {
  const TestFolder folder;
  const std::string path = (folder.path() / "rows.json").string();
  std::filesystem::rename(write_parquet(folder), path);
  expect_rows(path);
}

TEST(Arrow, broken_files_are_refused) {
  const TestFolder folder;
  for (const std::string& path : {write_parquet(folder), write_arrow(folder, false), write_arrow(folder, true)}) {
    const std::string whole = read_text(path);
    const auto read = [&] {
      const auto file = open_rows(path);
      while (file->next()) {
      }
    };
    folder.write(std::filesystem::path(path).filename().string(), whole.substr(0, whole.size() / 2));
    EXPECT_NE(message_of<FileError>(read).find(path), std::string::npos);
  }
  EXPECT_NE(message_of<FileError>([&] { open_rows(folder.write("a.parquet", "{}")); }).find("a.parquet"),
            std::string::npos);
  EXPECT_NE(message_of<FileError>([&] { open_rows(folder.write("a.arrow", "{}")); }).find("a.arrow"),
            std::string::npos);
}

}  // namespace
}  // namespace eft
