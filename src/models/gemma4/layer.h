#pragma once

#include "models/decoder/attention.h"
#include "models/gemma4/moe.h"

namespace eft::gemma4 {

using decoder::Attention;
using decoder::KeyValue;
using decoder::Pass;
using decoder::Rows;

/// One decoder layer: attention, gated MLP with a mixture of experts beside it in that kind of model, the per-layer
/// embedding where the model has one, and the layer's scalar.
class Layer {
 public:
  Layer(const Scope& s, const TextSpec& spec, std::size_t index);

  /// x: [tokens, hidden]; per_layer: [asking, layers, hidden_size_per_layer_input] or empty. `kv` and the rows of the
  /// result as in Attention.
  Var operator()(Context& ctx, const Var& x, const Var& per_layer, const Pass& pass, const Rows& asking,
                 KeyValue& kv) const;

 private:
  Var add_per_layer_input(Context& ctx, const Var& x, const Var& per_layer) const;

  std::int64_t index_;
  RmsNorm input_layernorm_;
  Attention self_attn_;
  RmsNorm post_attention_layernorm_, pre_feedforward_layernorm_;
  GatedMlp mlp_;
  std::optional<MixtureOfExperts> experts_;
  RmsNorm post_feedforward_layernorm_;
  std::optional<Linear> per_layer_input_gate_, per_layer_projection_;
  std::optional<RmsNorm> post_per_layer_input_norm_;
  Parameter* layer_scalar_;
};

}  // namespace eft::gemma4
