#include "models/gemma3n/layer.h"

#include <cmath>

#include "ops/add/add.h"
#include "ops/altup/altup.h"
#include "ops/multiply/multiply.h"
#include "ops/per_layer_gate/per_layer_gate.h"
#include "ops/scale/scale.h"
#include "ops/softcap/softcap.h"

namespace eft::gemma3n {

AltUp::AltUp(const Scope& s, const TextSpec& spec)
    : spec_(spec),
      correct_output_scale_(&s.parameter("correct_output_scale", {spec.hidden_size}, Init::zeros)),
      correction_coefs_(s / "correction_coefs", spec.altup_num_inputs, spec.altup_num_inputs),
      prediction_coefs_(s / "prediction_coefs", spec.altup_num_inputs, spec.altup_num_inputs * spec.altup_num_inputs),
      modality_router_(s / "modality_router", spec.hidden_size, spec.altup_num_inputs),
      router_norm_(s / "router_norm", spec.hidden_size, spec.rms_norm_eps) {
  correction_coefs_.weight().clip = spec.altup_coef_clip;
  prediction_coefs_.weight().clip = spec.altup_coef_clip;
}

Var AltUp::modalities(Context& ctx, const Var& x) const {
  const Var scaled = scale(ctx, router_norm_(ctx, x), Var(), 1.0 / static_cast<double>(spec_.hidden_size));
  return softcap(ctx, modality_router_(ctx, scaled), 1.0);  // a cap of 1 is tanh
}

Streams AltUp::predict(Context& ctx, const Streams& streams) const {
  return altup_predict(ctx, streams, prediction_coefs_(ctx, modalities(ctx, streams[0])));
}

Streams AltUp::correct(Context& ctx, const Streams& predictions, const Var& activated) const {
  return altup_correct(ctx, predictions, activated, correction_coefs_(ctx, modalities(ctx, activated)));
}

Var AltUp::scale_corrected(Context& ctx, const Var& corrected) const {
  return multiply(ctx, corrected, correct_output_scale_->var());
}

Laurel::Laurel(const Scope& s, const TextSpec& spec)
    : linear_left_(s / "linear_left", spec.hidden_size, spec.laurel_rank),
      linear_right_(s / "linear_right", spec.laurel_rank, spec.hidden_size),
      post_laurel_norm_(s / "post_laurel_norm", spec.hidden_size, spec.rms_norm_eps) {}

Var Laurel::operator()(Context& ctx, const Var& x) const {
  return post_laurel_norm_.add_to(ctx, x, linear_right_(ctx, linear_left_(ctx, x)));
}

Layer::Layer(const Scope& s, const TextSpec& spec, std::size_t index)
    : index_(static_cast<std::int64_t>(index)),
      scale_corrected_(spec.altup_correct_scale),
      altup_(s / "altup", spec),
      laurel_(s / "laurel", spec),
      input_layernorm_(s / "input_layernorm", spec.hidden_size, spec.rms_norm_eps),
      self_attn_(s / "self_attn", spec, index),
      post_attention_layernorm_(s / "post_attention_layernorm", spec.hidden_size, spec.rms_norm_eps),
      pre_feedforward_layernorm_(s / "pre_feedforward_layernorm", spec.hidden_size, spec.rms_norm_eps),
      mlp_(s / "mlp", spec.hidden_size, spec.layers[index].intermediate_size, spec.activation_sparsity[index]),
      post_feedforward_layernorm_(s / "post_feedforward_layernorm", spec.hidden_size, spec.rms_norm_eps),
      per_layer_input_gate_(s / "per_layer_input_gate", spec.hidden_size, spec.hidden_size_per_layer_input),
      per_layer_projection_(s / "per_layer_projection", spec.hidden_size_per_layer_input, spec.hidden_size),
      post_per_layer_input_norm_(s / "post_per_layer_input_norm", spec.hidden_size, spec.rms_norm_eps) {}

Var Layer::activate(Context& ctx, const Var& active, const Pass& pass, const Rows& asking, KeyValue& kv) const {
  const Var normed = input_layernorm_(ctx, active);
  const Var laurel = laurel_(ctx, decoder::wanted_rows(ctx, normed, asking.wanted));
  const Var attended = post_attention_layernorm_(ctx, self_attn_(ctx, normed, pass, asking, kv));
  const Var x = add(ctx, add(ctx, decoder::wanted_rows(ctx, active, asking.wanted), attended), laurel, std::sqrt(0.5));
  return post_feedforward_layernorm_.add_to(ctx, x, mlp_(ctx, pre_feedforward_layernorm_(ctx, x)));
}

Streams Layer::operator()(Context& ctx, const Streams& streams, const Var& per_layer, const Pass& pass,
                          const Rows& asking, KeyValue& kv) const {
  Streams predictions = altup_.predict(ctx, streams);
  const Var activated = activate(ctx, predictions[0], pass, asking, kv);
  for (Var& prediction : predictions) prediction = decoder::wanted_rows(ctx, prediction, asking.wanted);
  Streams corrected = altup_.correct(ctx, predictions, activated);
  const Var seen = scale_corrected_ ? altup_.scale_corrected(ctx, corrected[0]) : corrected[0];
  const Var gated = per_layer_gate(ctx, per_layer_input_gate_(ctx, seen), per_layer, index_);
  const Var extra = post_per_layer_input_norm_(ctx, per_layer_projection_(ctx, gated));
  for (std::size_t i = 1; i < corrected.size(); ++i) corrected[i] = add(ctx, corrected[i], extra);
  return corrected;
}

}  // namespace eft::gemma3n
