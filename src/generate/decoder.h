#pragma once

#include <span>
#include <vector>

#include "models/model.h"

namespace eft {

/// Sequences that a model reads and continues side by side, each in a slot of one cache. Keys and values of all that
/// they have read are kept, so every token is computed once; windowed layers keep only their window. `model` and `pool`
/// must outlive it.
class Decoder {
 public:
  Decoder(const Model& model, Pool& pool, std::int64_t slots = 1);

  /// Reads `tokens` behind what the slot has read. Logits of what follows the last one, [1, vocabulary], in f32 (f64
  /// for an f64 model); no others are computed. Throws DataError for ids outside the vocabulary or too many tokens.
  /// `media`: images among the tokens, counted from their first.
  Tensor read(std::int64_t slot, std::span<const std::int32_t> tokens, std::span<const MediaSpan> media = {});
  /// Reads one token in each of `slots`, all in one pass of the model. Logits of what follows, [slots, vocabulary], and
  /// errors as those of read().
  Tensor step(std::span<const std::int64_t> slots, std::span<const std::int32_t> tokens);
  /// Makes the slot empty.
  void forget(std::int64_t slot);

  /// What a slot has read.
  const std::vector<std::int32_t>& history(std::int64_t slot) const { return read_.at(static_cast<std::size_t>(slot)); }
  /// The images among it.
  const std::vector<MediaSpan>& media(std::int64_t slot) const { return media_.at(static_cast<std::size_t>(slot)); }
  /// Whether the model reads no more tokens behind those of a slot.
  bool full(std::int64_t slot) const;

 private:
  Var hidden(Context& ctx, const ModelInput& input);
  Tensor logits(Context& ctx, const Tensor& states) const;
  void check_room(std::int64_t slot, std::span<const std::int32_t> tokens) const;

  const Model& model_;
  Pool& pool_;
  KvCache cache_;
  std::vector<std::vector<std::int32_t>> read_;  // by slot
  std::vector<std::vector<MediaSpan>> media_;    // by slot
};

}  // namespace eft
