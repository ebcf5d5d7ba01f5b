#include "data/row_pipeline.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "base/parallel.h"

namespace eft {
namespace {

constexpr std::size_t kChunkRows = 64;
/// Chunks that wait or are worked on, for each thread.
constexpr std::size_t kChunksAhead = 4;

/// Rows that one thread works on.
struct Chunk {
  std::vector<RawRow> rows;
  std::vector<FormattedRow> formatted;
  bool done = false;
};

/// Threads that format chunks in the order in which they are given.
class Workers {
 public:
  Workers(const RowFormat& format, std::size_t threads) : format_(format) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }

  ~Workers() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      waiting_.clear();
    }
    given_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void give(std::shared_ptr<Chunk> chunk) {
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(chunk));
    }
    given_.notify_one();
  }

  void wait_for(const Chunk& chunk) {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return chunk.done; });
  }

 private:
  void work() {
    while (const std::shared_ptr<Chunk> chunk = next()) {
      for (const RawRow& row : chunk->rows) chunk->formatted.push_back(format(row));
      {
        const std::lock_guard lock(mutex_);
        chunk->done = true;
      }
      finished_.notify_one();
    }
  }

  std::shared_ptr<Chunk> next() {
    std::unique_lock lock(mutex_);
    given_.wait(lock, [&] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    std::shared_ptr<Chunk> chunk = std::move(waiting_.front());
    waiting_.pop_front();
    return chunk;
  }

  FormattedRow format(const RawRow& row) const {
    FormattedRow formatted;
    try {
      formatted.examples = format_.examples(row);
    } catch (...) {
      formatted.error = std::current_exception();
    }
    return formatted;
  }

  const RowFormat& format_;
  std::mutex mutex_;
  std::condition_variable given_;
  std::condition_variable finished_;
  std::deque<std::shared_ptr<Chunk>> waiting_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

void format_rows(const std::function<std::optional<RawRow>()>& next, const RowFormat& format,
                 const std::function<void(FormattedRow row)>& take) {
  const auto threads = static_cast<std::size_t>(std::max(thread_count(), 1));
  Workers workers(format, threads);
  std::deque<std::shared_ptr<Chunk>> chunks;  // in the order of the rows
  std::exception_ptr read_error;
  bool more = true;
  const auto read_chunk = [&] {
    auto chunk = std::make_shared<Chunk>();
    try {
      while (more && chunk->rows.size() < kChunkRows) {
        auto row = next();
        more = row.has_value();
        if (row) chunk->rows.push_back(std::move(*row));
      }
    } catch (...) {
      read_error = std::current_exception();
      more = false;
    }
    if (chunk->rows.empty()) return;
    chunks.push_back(chunk);
    workers.give(std::move(chunk));
  };
  while (more || !chunks.empty()) {
    while (more && chunks.size() < threads * kChunksAhead) read_chunk();
    if (chunks.empty()) break;
    workers.wait_for(*chunks.front());
    for (FormattedRow& row : chunks.front()->formatted) take(std::move(row));
    chunks.pop_front();
  }
  if (read_error) std::rethrow_exception(read_error);
}

}  // namespace eft
