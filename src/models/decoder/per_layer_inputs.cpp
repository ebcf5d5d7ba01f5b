#include "models/decoder/per_layer_inputs.h"

#include <cmath>

#include "autograd/checkpoint.h"
#include "ops/add/add.h"
#include "ops/embedding/embedding.h"
#include "ops/scale/scale.h"

namespace eft::decoder {

PerLayerInputs::PerLayerInputs(const Scope& s, const TextSpec& spec)
    : spec_(spec),
      embed_tokens_per_layer_(&(s / "embed_tokens_per_layer")
                                   .parameter("weight", {spec.vocab_size_per_layer_input,
                                                         spec.num_hidden_layers() * spec.hidden_size_per_layer_input})),
      per_layer_model_projection_(s / "per_layer_model_projection", spec.hidden_size,
                                  spec.num_hidden_layers() * spec.hidden_size_per_layer_input),
      per_layer_projection_norm_(s / "per_layer_projection_norm", spec.hidden_size_per_layer_input, spec.rms_norm_eps) {
  embed_tokens_per_layer_->gathered = true;
}

Var PerLayerInputs::operator()(Context& ctx, std::span<const std::int32_t> tokens, const Var& x) const {
  std::vector<std::int32_t> rows(tokens.begin(), tokens.end());
  for (std::int32_t& row : rows) {
    if (row >= spec_.vocab_size_per_layer_input) row = 0;
  }
  return block(ctx, {x}, [this, rows = std::move(rows)](Context& inner, const std::vector<Var>& in) {
    return std::vector<Var>{inputs(inner, rows, in[0])};
  })[0];
}

Var PerLayerInputs::inputs(Context& ctx, const std::vector<std::int32_t>& rows, const Var& x) const {
  const Shape shape{x.shape()[0], spec_.num_hidden_layers(), spec_.hidden_size_per_layer_input};
  const Var identity = embedding(ctx, embed_tokens_per_layer_->var(), rows, x.dtype(),
                                 {.scale = std::sqrt(static_cast<double>(spec_.hidden_size_per_layer_input)),
                                  .padding_id = static_cast<std::int32_t>(spec_.pad_token_id)})
                           .reshape(shape);
  const Var projected =
      scale(ctx, per_layer_model_projection_(ctx, x), Var(), 1.0 / std::sqrt(static_cast<double>(spec_.hidden_size)));
  return add(ctx, per_layer_projection_norm_(ctx, projected.reshape(shape)), identity, std::sqrt(0.5));
}

}  // namespace eft::decoder
