#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/example.h"
#include "data/packing.h"

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
  bool packing = false;  ///< several examples a row of sequence_len, else one
  bool shuffle = true;   ///< another order in every epoch
  std::uint64_t seed = 0;
};

/// Hands out micro batches for ever, epoch after epoch: `micro_batch_size` rows laid end to end, no padding. The order
/// depends on the options and the epoch only, so `seek` resumes exactly. Does not own the examples.
class Loader {
 public:
  /// Throws DataError without examples, or when one is longer than sequence_len.
  Loader(std::span<const Example> examples, LoaderOptions options);

  /// The micro batch at the cursor, which then moves on. The last one of an epoch may hold fewer rows.
  PackedRow next();
  /// Of the cursor's epoch; with packing and shuffling it can differ a little between epochs.
  std::int64_t batches_per_epoch() const;
  LoaderCursor cursor() const { return cursor_; }
  /// Continues at `cursor`, which `cursor()` of a loader over the same examples and options gave; DataError when the
  /// epoch has no such batch.
  void seek(LoaderCursor cursor);
  /// Tokens over the room of the epoch's packed rows, 0 to 1; 1 without packing.
  double fill() const;

 private:
  void plan_epoch(std::int64_t epoch);

  std::span<const Example> examples_;
  LoaderOptions options_;
  LoaderCursor cursor_;
  std::vector<std::int64_t> lengths_;  // of the examples
  std::vector<Bin> rows_;              // of the cursor's epoch
};

}  // namespace eft
