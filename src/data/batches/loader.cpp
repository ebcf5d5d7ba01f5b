#include "data/batches/loader.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/random.h"
#include "data/batches/shuffle.h"

namespace eft {
namespace {

constexpr std::uint64_t kEpochStream = 0x65706f6368;  // random numbers for the order of an epoch, one stream an epoch
/// As many batches are sorted by length together at most, as Transformers does.
constexpr std::size_t kSortedBatches = 50;
constexpr std::size_t kWindow = 2048;  // examples of a stream that are packed together

std::vector<std::uint32_t> counted(std::size_t count) {
  std::vector<std::uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0U);
  return numbers;
}

void append(PackedRow& row, const ExampleView& example) {
  const std::size_t length = example.tokens.size();
  const std::size_t begin = row.tokens.size();
  row.tokens.insert(row.tokens.end(), example.tokens.begin(), example.tokens.end());
  row.targets.insert(row.targets.end(), example.labels.begin() + 1, example.labels.end());
  row.targets.push_back(kIgnoreLabel);
  row.positions.resize(begin + length);
  std::iota(row.positions.begin() + static_cast<std::ptrdiff_t>(begin), row.positions.end(), 0);
  row.starts.push_back(static_cast<std::int64_t>(row.tokens.size()));
  if (example.role != PreferenceRole::none) row.roles.push_back(example.role);
  if (example.weights.empty() && row.weights.empty()) return;
  row.weights.resize(begin, 1.0F);
  if (!example.weights.empty()) {
    row.weights.insert(row.weights.end(), example.weights.begin() + 1, example.weights.end());
  }
  row.weights.resize(begin + length, 1.0F);
}

/// Gives the row's last sequence its images; those that could not be read take the loss of the sequence with them.
void append_media(PackedRow& row, const ExampleView& example, const MediaItems& items, const MediaDecoder& decoder) {
  const std::int64_t begin = row.starts[row.starts.size() - 2];
  std::size_t next = 0;
  for (const MediaRef& ref : media_of(example.media)) {
    std::shared_ptr<const MediaItem> item = items.empty() ? decoder.planned() : items.at(next++);
    if (item == nullptr) {
      item = decoder.blank();
      std::fill(row.targets.begin() + begin, row.targets.end(), kIgnoreLabel);
    }
    row.media.push_back({.begin = begin + ref.begin, .count = ref.count, .item = std::move(item)});
  }
}

/// Sorts stretches of `order`, longest first, and puts the batch with the longest example of all in front.
void group_by_length(std::vector<std::uint32_t>& order, SampleLengths lengths, std::size_t batch) {
  const std::size_t batches = std::clamp<std::size_t>(order.size() / (batch * 4), 1, kSortedBatches);
  const auto longer = [&](std::uint32_t a, std::uint32_t b) { return lengths[a] > lengths[b]; };
  std::size_t longest = 0;
  for (std::size_t begin = 0; begin < order.size(); begin += batches * batch) {
    const auto end = std::min(begin + batches * batch, order.size());
    std::stable_sort(order.begin() + static_cast<std::ptrdiff_t>(begin),
                     order.begin() + static_cast<std::ptrdiff_t>(end), longer);
    if (longer(order[begin], order[longest])) longest = begin;
  }
  std::swap(order[0], order[longest]);
}

}  // namespace

Loader::Loader(Examples examples, LoaderOptions options)
    : examples_(std::move(examples)), options_(options), window_random_(0) {
  if (examples_.empty()) throw DataError("no examples, expected at least one");
  take_lengths();
  plan_epoch(0);
}

Loader::Loader(std::shared_ptr<ExampleStream> stream, LoaderOptions options)
    : options_(options), stream_(std::move(stream)), window_random_(0) {
  start_stream(0);
}

void Loader::take_lengths() {
  expect(options_.sequence_len > 0 && options_.micro_batch_size > 0, "positive sizes of a batch");
  lengths_.clear();
  std::size_t most_members = 1;
  lengths_.reserve(examples_.size());
  for (std::size_t i = 0; i < examples_.size(); ++i) {
    const std::int64_t longest = examples_.longest(i);
    expect(longest > 0, "a token in each example");
    if (longest > options_.sequence_len) {
      throw DataError("{}: {} tokens, expected at most sequence_len = {}", examples_[i].source(), longest,
                      options_.sequence_len);
    }
    most_members = std::max(most_members, examples_.members(i));
    lengths_.push_back(static_cast<std::uint32_t>(examples_.length(i)));
  }
  capacity_ = options_.sequence_len * static_cast<std::int64_t>(most_members);
}

void Loader::plan_epoch(std::int64_t epoch) {
  Random random(options_.seed, kEpochStream + static_cast<std::uint64_t>(epoch));
  plan(random);
}

bool Loader::take_window() {
  std::vector<Example> window;
  while (window.size() < kWindow) {
    auto example = stream_->next();
    if (!example) break;
    window.push_back(std::move(*example));
  }
  if (window.empty()) return false;
  examples_ = Examples(window);
  take_lengths();
  plan(window_random_);
  return true;
}

void Loader::start_stream(std::int64_t epoch) {
  stream_->restart();
  cursor_ = {epoch, 0};
  before_ = 0;
  window_random_ = Random(options_.seed, kEpochStream + static_cast<std::uint64_t>(epoch));
  if (!take_window()) throw DataError("pretraining_dataset: no text in it, expected at least one");
}

void Loader::plan(Random& random) {
  std::vector<std::uint32_t> order = counted(examples_.size());
  if (options_.shuffle) shuffle(order, random);
  if (!options_.packing) {
    if (options_.group_by_length) {
      group_by_length(order, lengths_, static_cast<std::size_t>(options_.micro_batch_size));
    }
    rows_.clear();
    for (const std::uint32_t& sample : order) rows_.add({&sample, 1});
  } else if (options_.sequential) {
    rows_ = pack_sequentially(order, lengths_, capacity_);
  } else if (options_.shuffle) {
    const Bins tight = pack_tightly(order, lengths_, capacity_);
    std::vector<std::uint32_t> rows = counted(tight.size());
    shuffle(rows, random);  // packing put the longest samples first
    rows_ = tight.select(rows);
  } else {
    rows_ = pack_in_order(order, lengths_, capacity_);
  }
}

std::int64_t Loader::batches() const {
  return (static_cast<std::int64_t>(rows_.size()) + options_.micro_batch_size - 1) / options_.micro_batch_size;
}

double Loader::fill() const {
  if (!options_.packing) return 1;
  const auto tokens = std::accumulate(lengths_.begin(), lengths_.end(), std::int64_t{0});
  return static_cast<double>(tokens) / static_cast<double>(static_cast<std::int64_t>(rows_.size()) * capacity_);
}

std::pair<std::size_t, std::size_t> Loader::rows_of(std::int64_t batch) const {
  const auto begin = static_cast<std::size_t>(batch * options_.micro_batch_size);
  return {begin, std::min(begin + static_cast<std::size_t>(options_.micro_batch_size), rows_.size())};
}

std::vector<std::uint32_t> Loader::samples_of(std::int64_t batch) const {
  std::vector<std::uint32_t> samples;
  const auto [begin, end] = rows_of(batch);
  for (std::size_t row = begin; row < end; ++row) samples.insert(samples.end(), rows_[row].begin(), rows_[row].end());
  return samples;
}

BatchSize Loader::batch_size(std::int64_t batch) const {
  BatchSize size;
  for (const std::uint32_t sample : samples_of(batch)) {
    size.tokens += lengths_[sample];
    size.label_tokens += examples_.label_tokens(sample);
    if (examples_.media()) size.media += std::ssize(media_of(examples_[sample].media));
  }
  return size;
}

void Loader::start_reading(std::int64_t batch) {
  if (reading_.contains(batch) || batch >= batches()) return;
  reading_[batch] = std::async(std::launch::async, [examples = examples_, samples = samples_of(batch)] {
    std::vector<MediaItems> items;
    for (const std::uint32_t sample : samples) items.push_back(decode_media(*examples.media(), examples[sample]));
    return items;
  });
}

std::vector<MediaItems> Loader::read_media(std::int64_t batch) {
  for (std::int64_t ahead = 0; ahead <= kBatchesAhead; ++ahead) start_reading(batch + ahead);
  const auto ready = reading_.extract(batch);
  return ready.mapped().get();
}

PackedRow Loader::next(MediaUse use) {
  PackedRow batch;
  batch.starts.push_back(0);
  const std::int64_t number = cursor_.batch - before_;
  const MediaDecoder* decoder = examples_.media().get();
  const bool reads = decoder != nullptr && use == MediaUse::read;
  const std::vector<MediaItems> items = reads ? read_media(number) : std::vector<MediaItems>();
  std::size_t next = 0;
  for (const std::uint32_t unit : samples_of(number)) {
    for (std::size_t m = 0; m < examples_.members(unit); ++m) append(batch, examples_.member(unit, m));
    if (decoder != nullptr) append_media(batch, examples_[unit], reads ? items[next] : MediaItems(), *decoder);
    ++next;
  }
  if (++cursor_.batch - before_ < batches()) return batch;
  if (!stream_) {
    cursor_ = {cursor_.epoch + 1, 0};
    reading_.clear();
    plan_epoch(cursor_.epoch);
  } else {
    before_ = cursor_.batch;
    if (!take_window()) start_stream(cursor_.epoch + 1);
  }
  return batch;
}

void Loader::seek(LoaderCursor cursor) {
  expect(cursor.epoch >= 0 && cursor.batch >= 0, "a cursor of a loader");
  if (stream_) {
    start_stream(cursor.epoch);
    while (cursor_.epoch == cursor.epoch && cursor_.batch < cursor.batch) next();
    if (cursor_ == cursor) return;
    throw DataError("pretraining_dataset: ends before batch {}; resume with the data and options of the run",
                    cursor.batch + 1);
  }
  reading_.clear();
  if (cursor.epoch != cursor_.epoch) plan_epoch(cursor.epoch);
  cursor_ = {cursor.epoch, 0};
  if (cursor.batch >= batches_per_epoch()) {
    throw DataError("batch {} of epoch {}: the data has {} batches only; resume with the data and options of the run",
                    cursor.batch + 1, cursor.epoch + 1, batches_per_epoch());
  }
  cursor_ = cursor;
}

PackedRow full_batch(const LoaderOptions& options) {
  PackedRow batch;
  batch.starts.push_back(0);
  Example example;
  example.tokens.assign(static_cast<std::size_t>(options.sequence_len), 0);
  example.labels = example.tokens;
  for (std::int64_t row = 0; row < options.micro_batch_size; ++row) append(batch, example);
  return batch;
}

}  // namespace eft
