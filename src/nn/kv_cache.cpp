#include "nn/kv_cache.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/device_memory.h"

namespace eft {
namespace {

constexpr std::int64_t kFirstCapacity = 64;

/// Moves rows [from, from + count) of `source` to rows [to, …) of `target`; the two may be one tensor.
void move_rows(const Tensor& source, std::int64_t from, std::int64_t count, Tensor& target, std::int64_t to) {
  if (target.raw() == nullptr || count == 0) return;
  const std::int64_t width = target.bytes() / target.shape()[0];
  move_bytes(target.device(), static_cast<char*>(target.raw()) + to * width,
             static_cast<const char*>(source.raw()) + from * width, count * width);
}

}  // namespace

KvCache::KvCache(const std::vector<std::int64_t>& windows, std::int64_t slots) : slots_(slots) {
  for (const std::int64_t window : windows) {
    layers_.push_back({.window = window,
                       .capacity = 0,
                       .counts = std::vector<std::int64_t>(static_cast<std::size_t>(slots), 0),
                       .keys = {},
                       .values = {}});
  }
}

std::int64_t KvCache::Layer::kept(std::int64_t slot) const {
  const std::int64_t count = counts.at(static_cast<std::size_t>(slot));
  return window > 0 ? std::min(count, window - 1) : count;
}

/// Moves what is kept of a slot to the rows from `to_row` on.
void KvCache::Layer::move_to(Tensor& to_keys, Tensor& to_values, std::int64_t slot, std::int64_t to_row) {
  std::int64_t& count = counts[static_cast<std::size_t>(slot)];
  const std::int64_t rows = kept(slot), from = slot * capacity + count - rows;
  move_rows(keys, from, rows, to_keys, to_row);
  move_rows(values, from, rows, to_values, to_row);
  count = rows;
}

void KvCache::make_room(Context& ctx, Layer& layer, std::span<const CacheRun> runs, const Tensor& like) const {
  std::int64_t most = 0;
  for (const CacheRun& run : runs) most = std::max(most, layer.kept(run.slot) + run.count);
  if (most > layer.capacity) {
    const std::int64_t capacity = std::max(kFirstCapacity, 2 * most);
    const Shape shape{slots_ * capacity, like.shape()[1], like.shape()[2]};
    Tensor keys = ctx.workspace(like.dtype(), shape);
    Tensor values = ctx.workspace(like.dtype(), shape);
    for (std::int64_t slot = 0; slot < slots_; ++slot) layer.move_to(keys, values, slot, slot * capacity);
    layer.keys = keys;
    layer.values = values;
    layer.capacity = capacity;
    return;
  }
  for (const CacheRun& run : runs) {
    const std::int64_t count = layer.counts[static_cast<std::size_t>(run.slot)];
    if (count + run.count > layer.capacity) {
      layer.move_to(layer.keys, layer.values, run.slot, run.slot * layer.capacity);
    }
  }
}

std::pair<Tensor, Tensor> KvCache::append(Context& ctx, std::size_t index, std::span<const CacheRun> runs,
                                          const Tensor& keys, const Tensor& values) {
  Layer& layer = layers_.at(index);
  make_room(ctx, layer, runs, keys);
  for (const CacheRun& run : runs) {
    std::int64_t& count = layer.counts[static_cast<std::size_t>(run.slot)];
    const std::int64_t row = run.slot * layer.capacity + count;
    move_rows(keys, run.begin, run.count, layer.keys, row);
    move_rows(values, run.begin, run.count, layer.values, row);
    count += run.count;
  }
  return {layer.keys, layer.values};
}

std::vector<AttentionSegment> KvCache::segments(std::size_t index, std::span<const CacheRun> runs) const {
  const Layer& layer = layers_.at(index);
  std::vector<AttentionSegment> segments;
  for (const CacheRun& run : runs) {
    const std::int64_t count = layer.counts[static_cast<std::size_t>(run.slot)];
    const std::int64_t seen = layer.window > 0 ? std::min(count, layer.window - 1 + run.count) : count;
    segments.push_back({run.begin, run.count, run.slot * layer.capacity + count - seen, seen});
  }
  return segments;
}

void KvCache::clear(std::int64_t slot) {
  for (Layer& layer : layers_) layer.counts.at(static_cast<std::size_t>(slot)) = 0;
}

}  // namespace eft
