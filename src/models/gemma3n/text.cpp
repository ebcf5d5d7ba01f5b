#include "models/gemma3n/text.h"

#include "autograd/checkpoint.h"
#include "models/gemma3n/layer.h"
#include "models/decoder/per_layer_inputs.h"
#include "ops/add/add.h"
#include "ops/match_rms/match_rms.h"
#include "ops/scale/scale.h"

namespace eft::gemma3n {
namespace {

constexpr std::int32_t kEos = 1, kEndOfTurn = 106;

class TextModel : public Model {
 public:
  TextModel(const TextSpec& spec, LinearPolicy policy, const std::string& disk, const std::string& module)
      : Model(std::move(policy)), spec_(spec) {
    const Scope s(parameters_, policy_, disk, module);
    embed_tokens_ = &(s / "embed_tokens").parameter("weight", {spec_.vocab_size, spec_.hidden_size});
    tie_head(*embed_tokens_);
    per_layer_.emplace(s, spec_);
    for (std::int64_t i = 0; i + 1 < spec_.altup_num_inputs; ++i) {
      altup_projections_.emplace_back(s / "altup_projections" / i, spec_.hidden_size, spec_.hidden_size);
      altup_unembed_projections_.emplace_back(s / "altup_unembed_projections" / i, spec_.hidden_size,
                                              spec_.hidden_size);
    }
    for (std::size_t i = 0; i < spec_.layers.size(); ++i) {
      layers_.push_back(std::make_unique<Layer>(s / "layers" / static_cast<std::int64_t>(i), spec_, i));
    }
    norm_.emplace(s / "norm", spec_.hidden_size, spec_.rms_norm_eps);
    info_ = decoder::model_info(spec_, "gemma3n", {kEos, kEndOfTurn});
  }

  Var hidden(Context& ctx, const ModelInput& input, KvCache* cache) const override {
    const Pass pass = decoder::make_pass(ctx, spec_, input, dtype_, cache);
    const Var x = decoder::embed(ctx, spec_, *embed_tokens_, input.tokens, dtype_);
    Var per_layer = (*per_layer_)(ctx, input.tokens, x);
    Streams streams = expand(ctx, x);
    std::vector<KeyValue> donated(layers_.size());
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (i == decoder::last_owner(spec_)) per_layer = decoder::wanted_rows(ctx, per_layer, pass.wanted.wanted);
      streams = run_layer(ctx, i, streams, per_layer, pass, donated);
    }
    return (*norm_)(ctx, merge(ctx, streams));
  }

 private:
  /// The embedding and its projections, scaled to its magnitude.
  Streams expand(Context& ctx, const Var& x) const {
    Streams streams{x};
    for (const Linear& projection : altup_projections_) streams.push_back(match_rms(ctx, projection(ctx, x), x));
    return streams;
  }

  /// The mean of all streams, the others projected back and scaled to the active one's magnitude.
  Var merge(Context& ctx, const Streams& streams) const {
    Var sum = streams[0];
    for (std::size_t i = 1; i < streams.size(); ++i) {
      sum = add(ctx, sum, match_rms(ctx, altup_unembed_projections_[i - 1](ctx, streams[i]), streams[0]));
    }
    return scale(ctx, sum, Var(), 1.0 / static_cast<double>(streams.size()));
  }

  /// Layer i as a block whose inputs and outputs include the keys and values that cross its border.
  Streams run_layer(Context& ctx, std::size_t i, const Streams& streams, const Var& per_layer, const Pass& pass,
                    std::vector<KeyValue>& donated) const {
    const decoder::LayerSpec& spec = spec_.layers[i];
    const KeyValue shared = spec.kv_donor ? donated[*spec.kv_donor] : KeyValue{};
    std::vector<Var> inputs{per_layer, shared.keys, shared.values};
    inputs.insert(inputs.end(), streams.begin(), streams.end());
    std::vector<Var> outputs = block(ctx, inputs,
                                     [&layer = *layers_[i], pass, narrow = i >= decoder::last_owner(spec_),
                                      donates = spec.donates](Context& inner, const std::vector<Var>& in) {
                                       const Rows& asking = narrow ? pass.wanted : pass.all;
                                       KeyValue kv{in[1], in[2]};
                                       Streams out =
                                           layer(inner, Streams(in.begin() + 3, in.end()), in[0], pass, asking, kv);
                                       if (donates) out.insert(out.end(), {kv.keys, kv.values});
                                       return out;
                                     });
    if (spec.donates) {
      donated[i] = {outputs[streams.size()], outputs[streams.size() + 1]};
      outputs.resize(streams.size());
    }
    return outputs;
  }

  TextSpec spec_;
  Parameter* embed_tokens_;
  std::optional<decoder::PerLayerInputs> per_layer_;
  std::vector<Linear> altup_projections_, altup_unembed_projections_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::optional<RmsNorm> norm_;
};

}  // namespace

std::unique_ptr<Model> make_text_model(const TextSpec& spec, LinearPolicy policy, const std::string& disk,
                                       const std::string& module) {
  return std::make_unique<TextModel>(spec, std::move(policy), disk, module);
}

}  // namespace eft::gemma3n
