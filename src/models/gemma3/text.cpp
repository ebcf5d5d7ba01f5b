#include "models/gemma3/text.h"

#include <cmath>

#include "autograd/checkpoint.h"
#include "base/error.h"
#include "nn/layers.h"
#include "ops/embedding/embedding.h"
#include "ops/rotary/rotary.h"

namespace eft::gemma3 {
namespace {

constexpr double kNormOffset = 1.0;  // stored norm weights are the distance from one

/// Tokens that go through a layer together: their segments and rotations.
struct Rows {
  std::vector<std::int32_t> wanted;  // which tokens of the input; empty: all
  std::vector<AttentionSegment> segments;
  Tensor full_rope;
  Tensor sliding_rope;
};

/// What all layers of one forward pass share.
struct Pass {
  Rows all;
  KvCache* cache;
  std::vector<CacheRun> runs;
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

  /// x: [tokens, hidden], whose keys and values all count; the result has a row for each asking token.
  Var operator()(Context& ctx, const Var& x, const Pass& pass, const Rows& asking) const {
    const Var queries = wanted_rows(ctx, x, asking.wanted);
    const std::int64_t tokens = queries.shape()[0];
    const Shape query_shape{tokens, spec_.num_attention_heads, spec_.head_dim};
    const Shape key_shape{x.shape()[0], spec_.num_key_value_heads, spec_.head_dim};
    const Var q = q_norm_.rotated(ctx, q_proj_(ctx, queries).reshape(query_shape), rope_of(asking));
    Var k = k_norm_.rotated(ctx, k_proj_(ctx, x).reshape(key_shape), rope_of(pass.all));
    Var v = v_proj_(ctx, x).reshape(key_shape);
    auto segments = asking.segments;
    if (pass.cache != nullptr) {
      const auto [keys, values] = pass.cache->append(ctx, layer_, pass.runs, k.value(), v.value());
      k = Var(keys);
      v = Var(values);
      segments = pass.cache->segments(layer_, pass.runs);
    }
    const AttentionOptions options{.scale = 1.0 / std::sqrt(spec_.query_pre_attn_scalar),
                                   .window = spec_.sliding[layer_] ? spec_.window : 0};
    const Var out = attention(ctx, q, k, v, std::move(segments), options);
    return o_proj_(ctx, out.reshape({tokens, spec_.num_attention_heads * spec_.head_dim}));
  }

 private:
  const Tensor& rope_of(const Rows& rows) const { return spec_.sliding[layer_] ? rows.sliding_rope : rows.full_rope; }

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

  Var operator()(Context& ctx, const Var& input, const Pass& pass, const Rows& asking) const {
    const Var attended = self_attn_(ctx, input_layernorm_(ctx, input), pass, asking);
    const Var x = post_attention_layernorm_.add_to(ctx, wanted_rows(ctx, input, asking.wanted), attended);
    const Var fed = mlp_(ctx, pre_feedforward_layernorm_(ctx, x));
    return post_feedforward_layernorm_.add_to(ctx, x, fed);
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
    tie_head(*embed_tokens_);
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
    if (cache != nullptr && !spec_.causal) {
      throw ConfigError(
          "use_bidirectional_attention: true: every token sees those behind it, so none is left to predict; "
          "such a model is no language model to train or to continue texts with");
    }
    const Pass pass{.all = rows_of(ctx, {}, input.positions, attention_segments(input, spec_.causal)),
                    .cache = cache,
                    .runs = cache_runs(input)};
    WantedQueries queries = wanted_queries(input);
    // Runs of queries know their keys by causality; without it every token takes part to the end.
    const bool narrows = spec_.causal && !queries.rows.empty();
    const Rows last = narrows ? rows_of(ctx, queries.rows, queries.positions, std::move(queries.segments)) : pass.all;
    Var x = embedding(ctx, embed_tokens_->var(), input.tokens, dtype_,
                      {.scale = std::sqrt(static_cast<double>(spec_.hidden_size)),
                       .padding_id = static_cast<std::int32_t>(spec_.pad_token_id)});
    for (const auto& layer : layers_) {
      const Rows& asking = layer == layers_.back() ? last : pass.all;
      x = block(ctx, {x}, [&layer = *layer, pass, asking](Context& inner, const std::vector<Var>& in) {
        return std::vector<Var>{layer(inner, in[0], pass, asking)};
      })[0];
    }
    return (*norm_)(ctx, wanted_rows(ctx, x, queries.rows));
  }

 private:
  Rows rows_of(Context& ctx, std::vector<std::int32_t> wanted, std::span<const std::int32_t> positions,
               std::vector<AttentionSegment> segments) const {
    const auto table = [&](const RopeSpec& rope) {
      return rotary_table(ctx, positions, rope.inverse_frequencies(spec_.head_dim), accumulator_of(dtype_));
    };
    return {std::move(wanted), std::move(segments), table(spec_.full_rope), table(spec_.sliding_rope)};
  }

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
