#include "models/gemma4/layer.h"

#include "ops/per_layer_gate/per_layer_gate.h"
#include "ops/scale/scale.h"

namespace eft::gemma4 {

Layer::Layer(const Scope& s, const TextSpec& spec, std::size_t index)
    : index_(static_cast<std::int64_t>(index)),
      input_layernorm_(s / "input_layernorm", spec.hidden_size, spec.rms_norm_eps),
      self_attn_(s / "self_attn", spec, index),
      post_attention_layernorm_(s / "post_attention_layernorm", spec.hidden_size, spec.rms_norm_eps),
      pre_feedforward_layernorm_(s / "pre_feedforward_layernorm", spec.hidden_size, spec.rms_norm_eps),
      mlp_(s / "mlp", spec.hidden_size, spec.layers[index].intermediate_size),
      post_feedforward_layernorm_(s / "post_feedforward_layernorm", spec.hidden_size, spec.rms_norm_eps),
      layer_scalar_(&s.buffer("layer_scalar", {1}, Init::ones)) {
  if (spec.num_experts > 0) experts_.emplace(s, spec);
  const std::int64_t width = spec.hidden_size_per_layer_input;
  if (width == 0) return;
  per_layer_input_gate_.emplace(s / "per_layer_input_gate", spec.hidden_size, width);
  per_layer_projection_.emplace(s / "per_layer_projection", width, spec.hidden_size);
  post_per_layer_input_norm_.emplace(s / "post_per_layer_input_norm", spec.hidden_size, spec.rms_norm_eps);
}

Var Layer::add_per_layer_input(Context& ctx, const Var& x, const Var& per_layer) const {
  const Var gated = per_layer_gate(ctx, (*per_layer_input_gate_)(ctx, x), per_layer, index_);
  return post_per_layer_input_norm_->add_to(ctx, x, (*per_layer_projection_)(ctx, gated));
}

Var Layer::operator()(Context& ctx, const Var& input, const Var& per_layer, const Pass& pass, const Rows& asking,
                      KeyValue& kv) const {
  const Var attended = self_attn_(ctx, input_layernorm_(ctx, input), pass, asking, kv);
  Var x = post_attention_layernorm_.add_to(ctx, decoder::wanted_rows(ctx, input, asking.wanted), attended);
  Var fed = mlp_(ctx, pre_feedforward_layernorm_(ctx, x));
  if (experts_) fed = (*experts_)(ctx, fed, x);
  x = post_feedforward_layernorm_.add_to(ctx, x, fed);
  if (per_layer) x = add_per_layer_input(ctx, x, per_layer);
  return scale(ctx, x, layer_scalar_->var());
}

}  // namespace eft::gemma4
