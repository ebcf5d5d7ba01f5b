#include "models/gemma3/text.h"

#include <cmath>

#include "autograd/checkpoint.h"
#include "nn/layers.h"
#include "ops/add/add.h"
#include "ops/embedding/embedding.h"
#include "ops/rotary/rotary.h"

namespace eft::gemma3 {
namespace {

constexpr double kNormOffset = 1.0;  // stored norm weights are the distance from one

/// What all layers of one forward pass share.
struct Pass {
  std::vector<AttentionSegment> segments;
  Tensor full_rope;
  Tensor sliding_rope;
  KvCache* cache;
};

class Attention {
 public:
  Attention(const Scope& s, const TextSpec& spec, std::size_t layer)
      : spec_(spec),
        layer_(layer),
        q_proj_(s / "q_proj", spec.hidden_size, spec.num_attention_heads * spec.head_dim),
        k_proj_(s / "k_proj", spec.hidden_size, spec.num_key_value_heads * spec.head_dim),
        v_proj_(s / "v_proj", spec.hidden_size, spec.num_key_value_heads * spec.head_dim),
        o_proj_(s / "o_proj", spec.num_attention_heads * spec.head_dim, spec.hidden_size),
        q_norm_(s / "q_norm", spec.head_dim, spec.rms_norm_eps, kNormOffset),
        k_norm_(s / "k_norm", spec.head_dim, spec.rms_norm_eps, kNormOffset) {}

  Var operator()(Context& ctx, const Var& x, const Pass& pass) const {
    const std::int64_t tokens = x.shape()[0];
    const Shape query_shape{tokens, spec_.num_attention_heads, spec_.head_dim};
    const Shape key_shape{tokens, spec_.num_key_value_heads, spec_.head_dim};
    const Tensor& rope = spec_.sliding[layer_] ? pass.sliding_rope : pass.full_rope;
    const Var q = rotary(ctx, q_norm_(ctx, q_proj_(ctx, x).reshape(query_shape)), rope);
    Var k = rotary(ctx, k_norm_(ctx, k_proj_(ctx, x).reshape(key_shape)), rope);
    Var v = v_proj_(ctx, x).reshape(key_shape);
    auto segments = pass.segments;
    if (pass.cache != nullptr) {
      const auto [keys, values] = pass.cache->append(ctx, layer_, k.value(), v.value());
      k = Var(keys);
      v = Var(values);
      segments = {cached_segment(tokens, keys.shape()[0])};
    }
    const AttentionOptions options{.scale = 1.0 / std::sqrt(spec_.query_pre_attn_scalar),
                                   .window = spec_.sliding[layer_] ? spec_.window : 0,
                                   .causal = spec_.causal};
    const Var out = attention(ctx, q, k, v, std::move(segments), options);
    return o_proj_(ctx, out.reshape({tokens, spec_.num_attention_heads * spec_.head_dim}));
  }

 private:
  const TextSpec& spec_;
  std::size_t layer_;
  Linear q_proj_, k_proj_, v_proj_, o_proj_;
  RmsNorm q_norm_, k_norm_;
};

class Layer {
 public:
  Layer(const Scope& s, const TextSpec& spec, std::size_t index)
      : input_layernorm_(s / "input_layernorm", spec.hidden_size, spec.rms_norm_eps, kNormOffset),
        self_attn_(s / "self_attn", spec, index),
        post_attention_layernorm_(s / "post_attention_layernorm", spec.hidden_size, spec.rms_norm_eps, kNormOffset),
        pre_feedforward_layernorm_(s / "pre_feedforward_layernorm", spec.hidden_size, spec.rms_norm_eps, kNormOffset),
        mlp_(s / "mlp", spec.hidden_size, spec.intermediate_size),
        post_feedforward_layernorm_(s / "post_feedforward_layernorm", spec.hidden_size, spec.rms_norm_eps,
                                    kNormOffset) {}

  Var operator()(Context& ctx, const Var& input, const Pass& pass) const {
    const Var attended = self_attn_(ctx, input_layernorm_(ctx, input), pass);
    const Var x = add(ctx, input, post_attention_layernorm_(ctx, attended));
    const Var fed = mlp_(ctx, pre_feedforward_layernorm_(ctx, x));
    return add(ctx, x, post_feedforward_layernorm_(ctx, fed));
  }

 private:
  RmsNorm input_layernorm_;
  Attention self_attn_;
  RmsNorm post_attention_layernorm_, pre_feedforward_layernorm_;
  GatedMlp mlp_;
  RmsNorm post_feedforward_layernorm_;
};

class TextModel : public Model {
 public:
  TextModel(const TextSpec& spec, LinearPolicy policy, const std::string& disk, const std::string& module)
      : Model(std::move(policy)), spec_(spec) {
    const Scope s(parameters_, policy_, disk, module);
    embed_tokens_ = &(s / "embed_tokens").parameter("weight", {spec_.vocab_size, spec_.hidden_size});
    for (std::int64_t i = 0; i < spec_.num_hidden_layers; ++i) {
      layers_.push_back(std::make_unique<Layer>(s / "layers" / i, spec_, static_cast<std::size_t>(i)));
      info_.cache_windows.push_back(spec_.sliding[static_cast<std::size_t>(i)] ? spec_.window : 0);
    }
    norm_.emplace(s / "norm", spec_.hidden_size, spec_.rms_norm_eps, kNormOffset);
    info_.family = "gemma3";
    info_.vocabulary = spec_.vocab_size;
    info_.layers = spec_.num_hidden_layers;
    info_.max_positions = spec_.max_position_embeddings;
    info_.final_softcap = spec_.final_logit_softcapping;
    info_.stop_tokens = {1, 106};
  }

  Var hidden(Context& ctx, const ModelInput& input, KvCache* cache) const override {
    const DType accumulator = accumulator_of(dtype_);
    const Pass pass{.segments = attention_segments(input),
                    .full_rope = rotary_table(ctx, input.positions, spec_.full_rope.inverse_frequencies(spec_.head_dim),
                                              accumulator),
                    .sliding_rope = rotary_table(
                        ctx, input.positions, spec_.sliding_rope.inverse_frequencies(spec_.head_dim), accumulator),
                    .cache = cache};
    Var x = embedding(ctx, embed_tokens_->var(), input.tokens, dtype_,
                      {.scale = std::sqrt(static_cast<double>(spec_.hidden_size)),
                       .padding_id = static_cast<std::int32_t>(spec_.pad_token_id)});
    for (const auto& layer : layers_) {
      x = block(ctx, {x}, [&layer = *layer, pass](Context& inner, const std::vector<Var>& in) {
        return std::vector<Var>{layer(inner, in[0], pass)};
      })[0];
    }
    return (*norm_)(ctx, x);
  }

  Var head() const override { return embed_tokens_->var(); }

 private:
  TextSpec spec_;
  Parameter* embed_tokens_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::optional<RmsNorm> norm_;
};

}  // namespace

std::unique_ptr<Model> make_text_model(const TextSpec& spec, LinearPolicy policy, const std::string& disk,
                                       const std::string& module) {
  return std::make_unique<TextModel>(spec, std::move(policy), disk, module);
}

}  // namespace eft::gemma3
