#include "nn/kv_cache.h"

#include <algorithm>

#include "tensor/device_memory.h"

namespace eft {
namespace {

constexpr std::int64_t kFirstCapacity = 64;

std::int64_t row_bytes(const Tensor& tensor) { return tensor.shape()[0] == 0 ? 0 : tensor.bytes() / tensor.shape()[0]; }

/// Moves rows [from, from + count) of `source` to rows [to, …) of `target`; the two may be one tensor.
void move_rows(const Tensor& source, std::int64_t from, std::int64_t count, Tensor& target, std::int64_t to) {
  if (target.raw() == nullptr) return;
  const std::int64_t width = row_bytes(target);
  move_bytes(target.device(), static_cast<char*>(target.raw()) + to * width,
             static_cast<const char*>(source.raw()) + from * width, count * width);
}

Tensor grown(Context& ctx, const Tensor& like, std::int64_t capacity) {
  return ctx.workspace(like.dtype(), {capacity, like.shape()[1], like.shape()[2]});
}

}  // namespace

void KvCache::make_room(Context& ctx, Layer& layer, const Tensor& like, std::int64_t incoming) {
  const std::int64_t kept = layer.window > 0 ? std::min(layer.count, layer.window - 1) : layer.count;
  const std::int64_t dropped = layer.count - kept;
  const std::int64_t capacity = layer.keys ? layer.keys.shape()[0] : 0;
  if (layer.count + incoming <= capacity) return;
  if (kept + incoming <= capacity && dropped > 0) {
    move_rows(layer.keys, dropped, kept, layer.keys, 0);
    move_rows(layer.values, dropped, kept, layer.values, 0);
  } else {
    const std::int64_t wanted = std::max({kFirstCapacity, 2 * (kept + incoming)});
    Tensor keys = grown(ctx, like, wanted);
    Tensor values = grown(ctx, like, wanted);
    if (kept > 0) {
      move_rows(layer.keys, dropped, kept, keys, 0);
      move_rows(layer.values, dropped, kept, values, 0);
    }
    layer.keys = keys;
    layer.values = values;
  }
  layer.count = kept;
}

std::pair<Tensor, Tensor> KvCache::append(Context& ctx, std::size_t index, const Tensor& keys, const Tensor& values) {
  Layer& layer = layers_.at(index);
  const std::int64_t incoming = keys.shape()[0];
  make_room(ctx, layer, keys, incoming);
  move_rows(keys, 0, incoming, layer.keys, layer.count);
  move_rows(values, 0, incoming, layer.values, layer.count);
  layer.count += incoming;
  const std::int64_t visible = layer.window > 0 ? std::min(layer.count, layer.window - 1 + incoming) : layer.count;
  return {layer.keys.slice(layer.count - visible, layer.count), layer.values.slice(layer.count - visible, layer.count)};
}

}  // namespace eft
