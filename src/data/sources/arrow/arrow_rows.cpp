#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/error.h"
#include "data/sources/arrow/arrow_json.h"
#include "data/sources/files/row_file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kRowsAtOnce = 256;

void check(const arrow::Status& status, const fs::path& file) {
  if (!status.ok()) throw FileError("{}: {}", file.string(), status.ToString());
}

template <class T>
T take(arrow::Result<T> result, const fs::path& file) {
  check(result.status(), file);
  return std::move(*result);
}

/// The rows of record batches, one batch in memory.
class BatchRows : public RowFile {
 public:
  using Next = std::function<std::shared_ptr<arrow::RecordBatch>()>;  // nothing at the end

  BatchRows(fs::path file, Next next) : file_(std::move(file)), next_batch_(std::move(next)) {}

  std::optional<RawRow> next() override {
    if (!fill()) return std::nullopt;
    RawRow row;
    row.where = fmt::format("{}:{}", file_.string(), position_ + 1);
    append_json(*rows_, at_, row.text);
    ++at_;
    ++position_;
    return row;
  }

  std::int64_t skip(std::int64_t rows) override {
    std::int64_t passed = 0;
    while (passed < rows && fill()) {
      const std::int64_t step = std::min(rows - passed, rows_->length() - at_);
      at_ += step;
      passed += step;
    }
    position_ += passed;
    return passed;
  }

 private:
  /// Whether there is a row to read; takes the next batch when this one is used up.
  bool fill() {
    while (!rows_ || at_ == rows_->length()) {
      const auto batch = next_batch_();
      if (!batch) return false;
      rows_ = take(batch->ToStructArray(), file_);
      at_ = 0;
    }
    return true;
  }

  fs::path file_;
  Next next_batch_;
  std::shared_ptr<arrow::StructArray> rows_;  // of the current batch
  std::int64_t at_ = 0;
  std::int64_t position_ = 0;
};

/// Throws nothing of the library's own.
template <class Read>
auto guarded(const fs::path& file, const Read& read) {
  try {
    return read();
  } catch (const parquet::ParquetException& error) {
    throw FileError("{}: {}", file.string(), error.what());
  }
}

std::unique_ptr<parquet::arrow::FileReader> parquet_reader(const fs::path& file) {
  return guarded(file, [&] {
    parquet::ReaderProperties bytes = parquet::default_reader_properties();
    bytes.enable_buffered_stream();  // pages instead of whole column chunks
    parquet::ArrowReaderProperties columns = parquet::default_arrow_reader_properties();
    columns.set_batch_size(kRowsAtOnce);
    columns.set_pre_buffer(false);
    columns.set_arrow_extensions_enabled(true);
    parquet::arrow::FileReaderBuilder builder;
    check(builder.Open(take(arrow::io::ReadableFile::Open(file.string()), file), bytes), file);
    return take(builder.properties(columns)->Build(), file);
  });
}

}  // namespace

std::unique_ptr<RowFile> open_parquet(const fs::path& file) {
  const std::shared_ptr<parquet::arrow::FileReader> reader = parquet_reader(file);
  const std::shared_ptr<arrow::RecordBatchReader> batches =
      guarded(file, [&] { return take(reader->GetRecordBatchReader(), file); });
  return std::make_unique<BatchRows>(file, [file, reader, batches] {
    return guarded(file, [&] {
      std::shared_ptr<arrow::RecordBatch> batch;
      check(batches->ReadNext(&batch), file);
      return batch;
    });
  });
}

std::unique_ptr<RowFile> open_arrow(const fs::path& file) {
  const auto bytes = take(arrow::io::ReadableFile::Open(file.string()), file);
  const auto reader = arrow::ipc::RecordBatchFileReader::Open(bytes);
  if (reader.ok()) {
    return std::make_unique<BatchRows>(file, [file, reader = *reader, i = 0]() mutable {
      if (i == reader->num_record_batches()) return std::shared_ptr<arrow::RecordBatch>();
      return take(reader->ReadRecordBatch(i++), file);
    });
  }
  check(bytes->Seek(0), file);
  const std::shared_ptr<arrow::RecordBatchReader> stream = take(arrow::ipc::RecordBatchStreamReader::Open(bytes), file);
  return std::make_unique<BatchRows>(file, [file, stream] {
    std::shared_ptr<arrow::RecordBatch> batch;
    check(stream->ReadNext(&batch), file);
    return batch;
  });
}

}  // namespace eft
