#pragma once

#include "models/decoder/spec.h"
#include "nn/layers.h"

namespace eft::decoder {

/// The per-layer embeddings of Gemma 4's E models and of Gemma 3n: a table row of each token plus a projection of the
/// token's embedding, for all layers.
class PerLayerInputs {
 public:
  PerLayerInputs(const Scope& s, const TextSpec& spec);

  /// x: [tokens, hidden] to [tokens, layers, width]. Tokens beyond the table take row 0. A block: its intermediate
  /// results are as wide as those of all layers together.
  Var operator()(Context& ctx, std::span<const std::int32_t> tokens, const Var& x) const;

 private:
  Var inputs(Context& ctx, const std::vector<std::int32_t>& rows, const Var& x) const;

  const TextSpec& spec_;
  Parameter* embed_tokens_per_layer_;
  Linear per_layer_model_projection_;
  RmsNorm per_layer_projection_norm_;
};

}  // namespace eft::decoder
