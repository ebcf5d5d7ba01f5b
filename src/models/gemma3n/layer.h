#pragma once

#include "models/decoder/attention.h"
#include "models/gemma3n/spec.h"

namespace eft::gemma3n {

using decoder::KeyValue;
using decoder::Pass;
using decoder::Rows;
using Streams = std::vector<Var>;  ///< AltUp's residual streams, each [tokens, hidden]; the first is the active one

/// AltUp: predicts all residual streams before a layer and corrects them by what the layer made of the active one.
class AltUp {
 public:
  AltUp(const Scope& s, const TextSpec& spec);

  Streams predict(Context& ctx, const Streams& streams) const;
  Streams correct(Context& ctx, const Streams& predictions, const Var& activated) const;
  /// The corrected active stream as the per-layer embeddings see it.
  Var scale_corrected(Context& ctx, const Var& corrected) const;

 private:
  /// tanh of the router's view of one stream, [tokens, streams].
  Var modalities(Context& ctx, const Var& x) const;

  const TextSpec& spec_;
  Parameter* correct_output_scale_;
  Linear correction_coefs_, prediction_coefs_, modality_router_;
  RmsNorm router_norm_;
};

/// LAuReL: x plus a normalised low-rank product of x.
class Laurel {
 public:
  Laurel(const Scope& s, const TextSpec& spec);
  Var operator()(Context& ctx, const Var& x) const;

 private:
  Linear linear_left_, linear_right_;
  RmsNorm post_laurel_norm_;
};

/// One decoder layer over all streams.
class Layer {
 public:
  Layer(const Scope& s, const TextSpec& spec, std::size_t index);

  /// per_layer: [asking, layers, hidden_size_per_layer_input]. `kv` and the rows of the result as in
  /// decoder::Attention.
  Streams operator()(Context& ctx, const Streams& streams, const Var& per_layer, const Pass& pass, const Rows& asking,
                     KeyValue& kv) const;

 private:
  /// What attention, LAuReL and the MLP make of the active stream.
  Var activate(Context& ctx, const Var& active, const Pass& pass, const Rows& asking, KeyValue& kv) const;

  std::int64_t index_;
  bool scale_corrected_;
  AltUp altup_;
  Laurel laurel_;
  RmsNorm input_layernorm_;
  decoder::Attention self_attn_;
  RmsNorm post_attention_layernorm_, pre_feedforward_layernorm_;
  GatedMlp mlp_;
  RmsNorm post_feedforward_layernorm_;
  Linear per_layer_input_gate_, per_layer_projection_;
  RmsNorm post_per_layer_input_norm_;
};

}  // namespace eft::gemma3n
