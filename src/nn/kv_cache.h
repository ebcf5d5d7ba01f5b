#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "autograd/tape.h"

namespace eft {

/// Keys and values of the tokens a sequence has passed, for decoding. A windowed layer keeps only what the next token
/// can still see; a layer that shares another's keys has no entry of its own.
class KvCache {
 public:
  /// windows[l] is the sliding window of layer l, or 0 for a layer that sees everything.
  explicit KvCache(std::vector<std::int64_t> windows) : layers_(windows.size()) {
    for (std::size_t i = 0; i < windows.size(); ++i) layers_[i].window = windows[i];
  }

  /// Adds the new tokens' keys and values [tokens, heads, head_dim] of `layer` and returns all that they may see, oldest
  /// first, the new ones last. What is returned is valid until the next call for the same layer.
  std::pair<Tensor, Tensor> append(Context& ctx, std::size_t layer, const Tensor& keys, const Tensor& values);

 private:
  struct Layer {
    std::int64_t window = 0;
    std::int64_t count = 0;  // tokens held, at the front of the buffers
    Tensor keys, values;     // [capacity, heads, head_dim]
  };
  static void make_room(Context& ctx, Layer& layer, const Tensor& like, std::int64_t incoming);

  std::vector<Layer> layers_;
};

}  // namespace eft
