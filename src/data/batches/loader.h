#pragma once

#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "data/store/example_stream.h"
#include "data/store/examples.h"
#include "data/batches/packing.h"

namespace eft {

/// The next micro batch of a loader: `batch` of `epoch`.
struct LoaderCursor {
  std::int64_t epoch = 0;
  std::int64_t batch = 0;

  bool operator==(const LoaderCursor&) const = default;
};

struct LoaderOptions {
  std::int64_t sequence_len = 512;
  std::int64_t micro_batch_size = 1;
  bool packing = false;          ///< several units a row of sequence_len (twice that of pairs), else one
  bool sequential = false;       ///< packed rows hold the examples exactly in their order, each begun when one is full
  bool group_by_length = false;  ///< examples of similar length share a batch; not with packing
  bool shuffle = true;           ///< another order in every epoch
  std::uint64_t seed = 0;
};

/// The size of a micro batch.
struct BatchSize {
  std::int64_t tokens = 0;
  std::int64_t label_tokens = 0;
  std::int64_t media = 0;  ///< images
};

/// Batches whose images are read before they are asked for.
inline constexpr std::int64_t kBatchesAhead = 2;

/// Whether the images of a batch are read, or only their extents are known, as a plan needs them.
enum class MediaUse { read, planned };

/// Hands out micro batches for ever, epoch after epoch: `micro_batch_size` rows laid end to end, no padding. What it
/// orders and packs are units: both answers of a pair stand in one row. The order
/// depends on the options and the epoch only, so `seek` resumes exactly. The examples of a stream are taken some
/// thousand at a time; its epochs end where it does.
class Loader {
 public:
  /// Throws DataError without examples, or when one is longer than sequence_len.
  Loader(Examples examples, LoaderOptions options);
  Loader(std::shared_ptr<ExampleStream> stream, LoaderOptions options);

  /// The micro batch at the cursor, which then moves on. The last one of an epoch may hold fewer rows. Its images, and
  /// those of the next two, are read in threads of their own. Throws DataError for one that cannot be read.
  PackedRow next(MediaUse use = MediaUse::read);
  /// Of the cursor's epoch; with packing and shuffling it can differ a little between epochs. 0 of a stream.
  std::int64_t batches_per_epoch() const { return stream_ ? 0 : batches(); }
  /// Of micro batch `batch` of the cursor's epoch.
  BatchSize batch_size(std::int64_t batch) const;
  LoaderCursor cursor() const { return cursor_; }
  /// Continues at `cursor`, which `cursor()` of a loader over the same examples and options gave; DataError when the
  /// epoch has no such batch.
  void seek(LoaderCursor cursor);
  /// Tokens over the room of the epoch's packed rows, or of those at hand of a stream, 0 to 1; 1 without packing.
  double fill() const;
  /// Tokens that a packed row may have.
  std::int64_t capacity() const { return capacity_; }
  const Examples& examples() const { return examples_; }
  /// The units of each row of the cursor's epoch, in the order in which they are handed out.
  const Bins& rows() const { return rows_; }

 private:
  void take_lengths();
  void plan_epoch(std::int64_t epoch);
  void plan(Random& random);
  /// Takes the next examples of the stream; false at its end.
  bool take_window();
  void start_stream(std::int64_t epoch);
  std::int64_t batches() const;
  /// Numbers [begin, end) of the rows of a micro batch.
  std::pair<std::size_t, std::size_t> rows_of(std::int64_t batch) const;
  /// The examples of a micro batch, in order.
  std::vector<std::uint32_t> samples_of(std::int64_t batch) const;
  /// The images of a micro batch: a list for each of its examples.
  std::vector<MediaItems> read_media(std::int64_t batch);
  void start_reading(std::int64_t batch);

  Examples examples_;
  LoaderOptions options_;
  LoaderCursor cursor_;
  std::vector<std::uint32_t> lengths_;  // of the units
  std::int64_t capacity_ = 0;           // tokens that a packed row may have
  Bins rows_;                           // of the cursor's epoch
  std::shared_ptr<ExampleStream> stream_;
  std::map<std::int64_t, std::shared_future<std::vector<MediaItems>>> reading_;  // by batch of the epoch
  std::int64_t before_ = 0;  // batches of the stream's epoch in front of those at hand
  Random window_random_;     // of the stream's epoch
};

/// A batch with the most tokens that a row may have, all of which bear loss: what a stream may give.
PackedRow full_batch(const LoaderOptions& options);

}  // namespace eft
