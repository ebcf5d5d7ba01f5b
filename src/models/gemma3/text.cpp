#include "models/gemma3/text.h"

#include "autograd/checkpoint.h"
#include "base/error.h"
#include "models/decoder/attention.h"

namespace eft::gemma3 {
namespace {

using decoder::KeyValue;
using decoder::Pass;
using decoder::Rows;
using decoder::wanted_rows;

constexpr std::int32_t kEos = 1, kEndOfTurn = 106;

class Layer {
 public:
  Layer(const Scope& s, const TextSpec& spec, std::size_t index)
      : input_layernorm_(norm(s / "input_layernorm", spec)),
        self_attn_(s / "self_attn", spec, index),
        post_attention_layernorm_(norm(s / "post_attention_layernorm", spec)),
        pre_feedforward_layernorm_(norm(s / "pre_feedforward_layernorm", spec)),
        mlp_(s / "mlp", spec.hidden_size, spec.layers[index].intermediate_size),
        post_feedforward_layernorm_(norm(s / "post_feedforward_layernorm", spec)) {}

  Var operator()(Context& ctx, const Var& input, const Pass& pass, const Rows& asking) const {
    KeyValue kv;
    const Var attended = self_attn_(ctx, input_layernorm_(ctx, input), pass, asking, kv);
    const Var x = post_attention_layernorm_.add_to(ctx, wanted_rows(ctx, input, asking.wanted), attended);
    const Var fed = mlp_(ctx, pre_feedforward_layernorm_(ctx, x));
    return post_feedforward_layernorm_.add_to(ctx, x, fed);
  }

 private:
  static RmsNorm norm(const Scope& s, const TextSpec& spec) {
    return {s, spec.hidden_size, spec.rms_norm_eps, spec.norm_offset};
  }

  RmsNorm input_layernorm_;
  decoder::Attention self_attn_;
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
    for (std::size_t i = 0; i < spec_.layers.size(); ++i) {
      layers_.push_back(std::make_unique<Layer>(s / "layers" / static_cast<std::int64_t>(i), spec_, i));
    }
    norm_.emplace(s / "norm", spec_.hidden_size, spec_.rms_norm_eps, spec_.norm_offset);
    info_ = decoder::model_info(spec_, "gemma3", {kEos, kEndOfTurn});
  }

  Var hidden(Context& ctx, const ModelInput& input, KvCache* cache) const override {
    if (cache != nullptr && !spec_.causal) {
      throw ConfigError(
          "use_bidirectional_attention: true: every token sees those behind it, so none is left to predict; "
          "such a model is no language model to train or to continue texts with");
    }
    const Pass pass = decoder::make_pass(ctx, spec_, input, dtype_, cache);
    Var x = with_media(ctx, decoder::embed(ctx, spec_, *embed_tokens_, input.tokens, dtype_), input);
    for (const auto& layer : layers_) {
      const Rows& asking = layer == layers_.back() ? pass.wanted : pass.all;
      x = block(ctx, {x}, [&layer = *layer, pass, asking](Context& inner, const std::vector<Var>& in) {
        return std::vector<Var>{layer(inner, in[0], pass, asking)};
      })[0];
    }
    return (*norm_)(ctx, wanted_rows(ctx, x, {input.wanted.begin(), input.wanted.end()}));
  }

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
