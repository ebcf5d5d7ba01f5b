#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "data/store/example.h"
#include "data/formats/format.h"
#include "data/rows/row.h"
#include "data/rows/row_checks.h"

namespace eft {

/// Formats rows on all threads, a bounded number of them ahead, and gives the results in the order of the rows.
class RowPipeline {
 public:
  using Source = std::function<std::optional<RawRow>()>;

  /// `source` is asked on the thread that calls next(); `format` must outlive the pipeline.
  RowPipeline(Source source, const RowFormat& format, RowChecks checks);
  ~RowPipeline();
  RowPipeline(const RowPipeline&) = delete;
  RowPipeline& operator=(const RowPipeline&) = delete;

  /// The next row, or nothing at the end. What the source throws comes through behind the rows it gave before.
  std::optional<FormattedRow> next();

 private:
  /// Rows that one thread works on.
  struct Chunk {
    std::vector<RawRow> rows;
    std::vector<FormattedRow> formatted;
    bool done = false;
  };

  void read_chunk();
  void work();
  std::shared_ptr<Chunk> next_job();
  FormattedRow format_row(const RawRow& row) const;

  Source source_;
  const RowFormat& format_;
  RowChecks checks_;
  std::deque<std::shared_ptr<Chunk>> chunks_;  // in the order of the rows
  std::size_t taken_ = 0;                      // rows of the first chunk
  bool more_ = true;                           // in the source
  std::exception_ptr read_error_;

  std::mutex mutex_;
  std::condition_variable given_;
  std::condition_variable finished_;
  std::deque<std::shared_ptr<Chunk>> jobs_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace eft
