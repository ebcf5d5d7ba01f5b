#include "models/registry.h"

#include <fmt/ranges.h>

#include <array>

#include "models/config_limits.h"
#include "models/gemma3/add_vision.h"
#include "models/gemma3/text.h"
#include "models/gemma3n/text.h"
#include "models/gemma4/text.h"

namespace eft {
namespace {

/// Where the text decoder's parameters stand.
struct Prefixes {
  const char* disk;
  const char* module;
  const char* experts = "experts";  ///< of a layer's mixture
};

const SkipRule kTiedHead{
    {R"((.*\.)?lm_head\.weight)", "name of a tensor"}, "output layer, tied to the embedding", true};
const SkipRule kTowers{
    {R"((model\.)?(vision_tower|audio_tower|multi_modal_projector|embed_vision|embed_audio|vision_embedder)\..*)",
     "name of a tensor"},
    "vision and audio parts, this is a text run"};

const SkipRule kPoolingHead{{R"((model\.)?vision_tower\.(vision_model\.)?head\..*)", "name of a tensor"},
                            "pooling head of the vision tower, never used"};

/// What a family's builder is given: the whole configuration, and that of the text decoder in it.
struct BuildRequest {
  const ConfigJson& config;
  const ConfigJson& text;
  const Prefixes& prefixes;
  const WeightSource* files;
  Parts parts;
};

BuiltModel build_gemma3(const BuildRequest& request, LinearPolicy policy) {
  const auto& [disk, module, experts] = request.prefixes;
  return {gemma3::make_text_model(gemma3::read_text_spec(request.text), std::move(policy), disk, module),
          {kTiedHead, kTowers}};
}

/// Transformers' container class does not apply the softcap that its text_config may name.
BuiltModel build_gemma3_container(const BuildRequest& request, LinearPolicy policy) {
  gemma3::TextSpec spec = gemma3::read_text_spec(request.text);
  spec.final_logit_softcapping = 0;
  const auto& [disk, module, experts] = request.prefixes;
  BuiltModel built{gemma3::make_text_model(spec, std::move(policy), disk, module), {kTiedHead}};
  if (gemma3::wants_vision(request.config, request.files, request.parts.vision)) {
    gemma3::add_vision(*built.model, request.config, spec.hidden_size, request.files, request.parts.adapt_vision);
    built.skipped.push_back(kPoolingHead);
  } else {
    built.skipped.push_back(kTowers);
  }
  return built;
}

/// What a checkpoint may hold beside the tensors of a model of these layers.
std::vector<SkipRule> skip_rules(const std::vector<decoder::LayerSpec>& layers) {
  std::vector<SkipRule> rules{kTiedHead, kTowers};
  std::vector<std::size_t> sharing;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].kv_donor) sharing.push_back(i);
  }
  if (!sharing.empty()) {
    rules.push_back(
        {{fmt::format(R"(.*\.layers\.({})\.self_attn\.(k_proj|v_proj|k_norm)\.weight)", fmt::join(sharing, "|")),
          "name of a tensor"},
         "keys and values of layers that share another's, never used"});
  }
  return rules;
}

BuiltModel build_gemma3n(const BuildRequest& request, LinearPolicy policy) {
  const gemma3n::TextSpec spec = gemma3n::read_text_spec(request.text);
  const auto& [disk, module, experts] = request.prefixes;
  return {gemma3n::make_text_model(spec, std::move(policy), disk, module), skip_rules(spec.layers)};
}

BuiltModel build_gemma4(gemma4::TextSpec spec, LinearPolicy policy, const Prefixes& prefixes) {
  spec.experts_path = prefixes.experts;
  return {gemma4::make_text_model(spec, std::move(policy), prefixes.disk, prefixes.module), skip_rules(spec.layers)};
}

BuiltModel build_gemma4(const BuildRequest& request, LinearPolicy policy) {
  return build_gemma4(gemma4::read_text_spec(request.text), std::move(policy), request.prefixes);
}

BuiltModel build_gemma4_unified(const BuildRequest& request, LinearPolicy policy) {
  return build_gemma4(gemma4::read_text_spec(request.text, gemma4::kUnifiedDefaults), std::move(policy),
                      request.prefixes);
}

/// One line a model_type: its layouts, the usual first, and its builder.
struct Family {
  const char* model_type;
  bool container;  ///< the text configuration stands in text_config
  std::array<Prefixes, 2> layouts;
  BuiltModel (*build)(const BuildRequest& request, LinearPolicy policy);
  bool vision = false;  ///< whether it knows the vision tower of such a container
};

constexpr Family kFamilies[] = {
    {"gemma3_text", false, {{{"model", "model"}, {"model.language_model", "model"}}}, build_gemma3},
    {"gemma3",
     true,
     {{{"language_model.model", "model.language_model"}, {"model.language_model", "model.language_model"}}},
     build_gemma3_container,
     true},
    {"gemma3n_text", false, {{{"model", "model"}, {"model.language_model", "model"}}}, build_gemma3n},
    {"gemma3n",
     true,
     {{{"model.language_model", "model.language_model"}, {"language_model.model", "model.language_model"}}},
     build_gemma3n},
    {"gemma4_text", false, {{{"model", "model"}, {"model.language_model", "model"}}}, build_gemma4},
    {"gemma4", true, {{{"model.language_model", "model.language_model"}, {"model", "model"}}}, build_gemma4},
    {"gemma4_unified_text", false, {{{"model", "model"}, {"model.language_model", "model"}}}, build_gemma4_unified},
    {"gemma4_unified",
     true,
     {{{"model.language_model", "model.language_model"}, {"model", "model"}}},
     build_gemma4_unified},
};

const Family& find_family(const ConfigJson& config) {
  const std::string type = config.string("model_type", "");
  std::vector<std::string> known;
  for (const Family& family : kFamilies) {
    if (type == family.model_type) return family;
    known.emplace_back(family.model_type);
  }
  throw ConfigError("{}: \"{}\" is not supported; expected one of {}", config.where("model_type"), type,
                    fmt::join(known, ", "));
}

Prefixes find_layout(const Family& family, const WeightSource* files) {
  if (files == nullptr) return family.layouts[0];
  for (Prefixes layout : family.layouts) {
    const std::string prefix = layout.disk;
    if (!files->contains(prefix + ".embed_tokens.weight")) continue;
    if (files->contains(prefix + ".layers.0.moe.gate_up_proj")) layout.experts = "moe";  // early previews of 26B-A4B
    return layout;
  }
  return family.layouts[0];
}

/// The output layer's name in the files; old containers keep it inside their language model.
std::string head_name(const Prefixes& layout) {
  return std::string_view(layout.disk).starts_with("language_model.") ? "language_model.lm_head.weight"
                                                                      : "lm_head.weight";
}

/// Keys that change the computation, at values for which there is none here, and sizes that make no sense. Before any
/// of them is used.
void check_supported(const ConfigJson& text) {
  const std::string activation = text.string("hidden_activation", "gelu_pytorch_tanh");
  if (activation != "gelu_pytorch_tanh") {
    throw ConfigError("{}: {} is not supported; expected gelu_pytorch_tanh", text.where("hidden_activation"),
                      activation);
  }
  if (text.boolean("attention_bias", false)) {
    throw ConfigError("{}: true is not supported; expected false", text.where("attention_bias"));
  }
  if (const double dropout = text.number("attention_dropout", 0.0); dropout != 0) {
    throw ConfigError("{}: {} is not supported; expected 0", text.where("attention_dropout"), dropout);
  }
  check_sizes(text);
}

}  // namespace

BuiltModel build_model(const std::filesystem::path& path, LinearPolicy policy, const WeightSource* files,
                       Parts parts) {
  const ConfigJson config(path);
  const Family& family = find_family(config);
  const auto text = family.container ? config.object("text_config") : config;
  if (!text) throw ConfigError("{}: missing; expected an object", config.where("text_config"));
  check_supported(*text);
  const Prefixes layout = find_layout(family, files);
  if (parts.vision == Vision::wanted && !family.vision) {
    throw ConfigError("{}: images are not supported yet for {}; expected gemma3", config.where("model_type"),
                      family.model_type);
  }
  const BuildRequest request{.config = config, .text = *text, .prefixes = layout, .files = files, .parts = parts};
  BuiltModel built = family.build(request, std::move(policy));
  // A container's own key counts in Transformers, not that of its text_config.
  built.model->name_head(head_name(layout), config.boolean("tie_word_embeddings", true));
  return built;
}

}  // namespace eft
