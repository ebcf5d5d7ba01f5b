#include "models/gemma4/text.h"

#include "autograd/checkpoint.h"
#include "models/gemma4/layer.h"
#include "models/decoder/per_layer_inputs.h"

namespace eft::gemma4 {
namespace {

constexpr std::int32_t kEos = 1, kTurnEnd = 106, kToolResponse = 50;

class TextModel : public Model {
 public:
  TextModel(const TextSpec& spec, LinearPolicy policy, const std::string& disk, const std::string& module)
      : Model(std::move(policy)), spec_(spec) {
    const Scope s(parameters_, policy_, disk, module);
    embed_tokens_ = &(s / "embed_tokens").parameter("weight", {spec_.vocab_size, spec_.hidden_size});
    tie_head(*embed_tokens_);
    if (spec_.hidden_size_per_layer_input > 0) per_layer_.emplace(s, spec_);
    for (std::size_t i = 0; i < spec_.layers.size(); ++i) {
      layers_.push_back(std::make_unique<Layer>(s / "layers" / static_cast<std::int64_t>(i), spec_, i));
    }
    norm_.emplace(s / "norm", spec_.hidden_size, spec_.rms_norm_eps);
    info_ = decoder::model_info(spec_, "gemma4", {kEos, kTurnEnd, kToolResponse});
  }

  Var hidden(Context& ctx, const ModelInput& input, KvCache* cache) const override {
    const Pass pass = decoder::make_pass(ctx, spec_, input, dtype_, cache);
    Var x = decoder::embed(ctx, spec_, *embed_tokens_, input.tokens, dtype_);
    Var per_layer = per_layer_ ? (*per_layer_)(ctx, input.tokens, x) : Var();
    std::vector<KeyValue> donated(layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (per_layer && i == decoder::last_owner(spec_))
        per_layer = decoder::wanted_rows(ctx, per_layer, pass.wanted.wanted);
      x = run_layer(ctx, i, x, per_layer, pass, donated);
    }
    return (*norm_)(ctx, x);
  }

 private:
  /// Layer i as a block whose inputs and outputs include the keys and values that cross its border.
  Var run_layer(Context& ctx, std::size_t i, const Var& x, const Var& per_layer, const Pass& pass,
                std::vector<KeyValue>& donated) const {
    const LayerSpec& spec = spec_.layers[i];
    const KeyValue shared = spec.kv_donor ? donated[*spec.kv_donor] : KeyValue{};
    const auto outputs =
        block(ctx, {x, per_layer, shared.keys, shared.values},
              [&layer = *layers_[i], pass, narrow = i >= decoder::last_owner(spec_), donates = spec.donates](
                  Context& inner, const std::vector<Var>& in) {
                KeyValue kv{in[2], in[3]};
                std::vector<Var> out{layer(inner, in[0], in[1], pass, narrow ? pass.wanted : pass.all, kv)};
                if (donates) out.insert(out.end(), {kv.keys, kv.values});
                return out;
              });
    if (spec.donates) donated[i] = {outputs[1], outputs[2]};
    return outputs[0];
  }

  TextSpec spec_;
  Parameter* embed_tokens_;
  std::optional<decoder::PerLayerInputs> per_layer_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::optional<RmsNorm> norm_;
};

}  // namespace

std::unique_ptr<Model> make_text_model(const TextSpec& spec, LinearPolicy policy, const std::string& disk,
                                       const std::string& module) {
  return std::make_unique<TextModel>(spec, std::move(policy), disk, module);
}

}  // namespace eft::gemma4
