#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "autograd/tape.h"
#include "ops/attention/visibility.h"

namespace eft {

/// New tokens of one sequence in a forward pass: rows [begin, begin + count), behind what its slot of a cache holds.
struct CacheRun {
  std::int64_t slot;
  std::int64_t begin, count;
};

/// Keys and values of the tokens that sequences have passed, for decoding; each sequence has a slot, of the same number
/// of rows. A windowed layer keeps only what the next token can still see; a layer that shares another's keys has no
/// entry of its own.
class KvCache {
 public:
  /// windows[l] is the sliding window of layer l, or 0 for a layer that sees everything.
  explicit KvCache(const std::vector<std::int64_t>& windows, std::int64_t slots = 1);

  std::int64_t slots() const { return slots_; }

  /// Adds the new tokens' keys and values [tokens, heads, head_dim] of `layer` and returns those of all slots,
  /// [slots · rows of a slot, heads, head_dim], where segments() says which ones count. They are valid until the next
  /// call for the same layer.
  std::pair<Tensor, Tensor> append(Context& ctx, std::size_t layer, std::span<const CacheRun> runs, const Tensor& keys,
                                   const Tensor& values);
  /// The runs of the last append to `layer` as queries, each with all that it may see: what its slot held before, then
  /// itself.
  std::vector<AttentionSegment> segments(std::size_t layer, std::span<const CacheRun> runs) const;
  /// Forgets what a slot holds, in all layers.
  void clear(std::int64_t slot);

 private:
  struct Layer {
    std::int64_t window = 0;
    std::int64_t capacity = 0;         // rows of a slot
    std::vector<std::int64_t> counts;  // by slot: tokens held, at the front of its rows
    Tensor keys, values;               // [slots · capacity, heads, head_dim]

    /// Tokens of a slot that a new one may see.
    std::int64_t kept(std::int64_t slot) const;
    void move_to(Tensor& to_keys, Tensor& to_values, std::int64_t slot, std::int64_t to_row);
  };
  void make_room(Context& ctx, Layer& layer, std::span<const CacheRun> runs, const Tensor& like) const;

  std::int64_t slots_;
  std::vector<Layer> layers_;
};

}  // namespace eft
