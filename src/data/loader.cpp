#include "data/loader.h"

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/random.h"
#include "data/shuffle.h"

namespace eft {
namespace {

constexpr std::uint64_t kEpochStream = 0x65706f6368;  // random numbers for the order of an epoch, one stream an epoch

void append(PackedRow& row, const Example& example) {
  const std::size_t length = example.tokens.size();
  row.tokens.insert(row.tokens.end(), example.tokens.begin(), example.tokens.end());
  row.targets.insert(row.targets.end(), example.labels.begin() + 1, example.labels.end());
  row.targets.push_back(kIgnoreLabel);
  const std::size_t begin = row.positions.size();
  row.positions.resize(begin + length);
  std::iota(row.positions.begin() + static_cast<std::ptrdiff_t>(begin), row.positions.end(), 0);
  row.starts.push_back(static_cast<std::int64_t>(row.tokens.size()));
}

}  // namespace

Loader::Loader(std::span<const Example> examples, LoaderOptions options) : examples_(examples), options_(options) {
  if (examples.empty()) throw DataError("no examples, expected at least one");
  expect(options.sequence_len > 0 && options.micro_batch_size > 0, "positive sizes of a batch");
  lengths_.reserve(examples.size());
  for (const Example& example : examples) {
    const auto length = static_cast<std::int64_t>(example.tokens.size());
    expect(length > 0 && example.labels.size() == example.tokens.size(), "a label for each token of an example");
    if (length > options.sequence_len) {
      throw DataError("{}: {} tokens, expected at most sequence_len = {}", example.source, length,
                      options.sequence_len);
    }
    lengths_.push_back(length);
  }
  plan_epoch(0);
}

void Loader::plan_epoch(std::int64_t epoch) {
  std::vector<std::uint32_t> order(examples_.size());
  std::iota(order.begin(), order.end(), 0U);
  Random random(options_.seed, kEpochStream + static_cast<std::uint64_t>(epoch));
  if (options_.shuffle) shuffle(order, random);
  rows_.clear();
  if (!options_.packing) {
    for (const std::uint32_t sample : order) rows_.push_back({sample});
  } else if (options_.shuffle) {
    rows_ = pack_tightly(order, lengths_, options_.sequence_len);
    shuffle(rows_, random);  // packing put the longest samples first
  } else {
    rows_ = pack_in_order(order, lengths_, options_.sequence_len);
  }
}

std::int64_t Loader::batches_per_epoch() const {
  return (static_cast<std::int64_t>(rows_.size()) + options_.micro_batch_size - 1) / options_.micro_batch_size;
}

double Loader::fill() const {
  if (!options_.packing) return 1;
  const auto tokens = std::accumulate(lengths_.begin(), lengths_.end(), std::int64_t{0});
  return static_cast<double>(tokens) /
         static_cast<double>(static_cast<std::int64_t>(rows_.size()) * options_.sequence_len);
}

PackedRow Loader::next() {
  const auto begin = static_cast<std::size_t>(cursor_.batch * options_.micro_batch_size);
  const auto end = std::min(begin + static_cast<std::size_t>(options_.micro_batch_size), rows_.size());
  PackedRow batch;
  batch.starts.push_back(0);
  for (std::size_t row = begin; row < end; ++row) {
    for (const std::uint32_t sample : rows_[row]) append(batch, examples_[sample]);
  }
  if (++cursor_.batch == batches_per_epoch()) {
    cursor_ = {cursor_.epoch + 1, 0};
    plan_epoch(cursor_.epoch);
  }
  return batch;
}

void Loader::seek(LoaderCursor cursor) {
  expect(cursor.epoch >= 0 && cursor.batch >= 0, "a cursor of a loader");
  if (cursor.epoch != cursor_.epoch) plan_epoch(cursor.epoch);
  cursor_ = {cursor.epoch, 0};
  if (cursor.batch >= batches_per_epoch()) {
    throw DataError("batch {} of epoch {}: the data has {} batches only; resume with the data and options of the run",
                    cursor.batch + 1, cursor.epoch + 1, batches_per_epoch());
  }
  cursor_ = cursor;
}

}  // namespace eft
