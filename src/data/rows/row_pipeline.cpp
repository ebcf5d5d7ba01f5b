#include "data/rows/row_pipeline.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"

namespace eft {
namespace {

constexpr std::size_t kChunkRows = 64;
/// Chunks that wait or are worked on, for each thread.
constexpr std::size_t kChunksAhead = 4;

}  // namespace

RowPipeline::RowPipeline(Source source, const RowFormat& format, RowChecks checks)
    : source_(std::move(source)), format_(format), checks_(std::move(checks)) {
  for (int i = 0; i < std::max(thread_count(), 1); ++i) threads_.emplace_back([this] { work(); });
}

RowPipeline::~RowPipeline() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    jobs_.clear();
  }
  given_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::optional<FormattedRow> RowPipeline::next() {
  while (more_ && chunks_.size() < threads_.size() * kChunksAhead) read_chunk();
  if (chunks_.empty()) {
    if (read_error_) std::rethrow_exception(std::exchange(read_error_, nullptr));
    return std::nullopt;
  }
  Chunk& first = *chunks_.front();
  if (taken_ == 0) {
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return first.done; });
  }
  FormattedRow row = std::move(first.formatted[taken_]);
  if (++taken_ == first.formatted.size()) {
    chunks_.pop_front();
    taken_ = 0;
  }
  return row;
}

void RowPipeline::read_chunk() {
  auto chunk = std::make_shared<Chunk>();
  try {
    while (more_ && chunk->rows.size() < kChunkRows) {
      auto row = source_();
      more_ = row.has_value();
      if (row) chunk->rows.push_back(std::move(*row));
    }
  } catch (...) {
    read_error_ = std::current_exception();
    more_ = false;
  }
  if (chunk->rows.empty()) return;
  chunks_.push_back(chunk);
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(chunk));
  }
  given_.notify_one();
}

void RowPipeline::work() {
  while (const std::shared_ptr<Chunk> chunk = next_job()) {
    for (const RawRow& row : chunk->rows) chunk->formatted.push_back(format_row(row));
    {
      const std::lock_guard lock(mutex_);
      chunk->done = true;
    }
    finished_.notify_one();
  }
}

std::shared_ptr<RowPipeline::Chunk> RowPipeline::next_job() {
  std::unique_lock lock(mutex_);
  given_.wait(lock, [&] { return stopped_ || !jobs_.empty(); });
  if (jobs_.empty()) return nullptr;
  std::shared_ptr<Chunk> chunk = std::move(jobs_.front());
  jobs_.pop_front();
  return chunk;
}

FormattedRow RowPipeline::format_row(const RawRow& row) const {
  try {
    FormattedRow formatted = format_.format(row);
    checks_.check(formatted);
    return formatted;
  } catch (...) {
    return {.where = row.where, .examples = {}, .error = std::current_exception()};
  }
}

}  // namespace eft
