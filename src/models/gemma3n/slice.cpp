#include "models/gemma3n/slice.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json.h"
#include "models/gemma3n/spec.h"
#include "models/load.h"

namespace eft::gemma3n {
namespace {

using Json = nlohmann::ordered_json;

/// Columns [begin, end) of every row of a matrix, in a list of ranges.
Tensor take_columns(const Tensor& from, const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
  std::int64_t width = 0;
  for (const auto& [begin, end] : ranges) width += end - begin;
  Pool pool(Device::cpu);
  Tensor to(pool, Category::workspace, from.dtype(), {from.shape()[0], width});
  const auto size = static_cast<std::int64_t>(size_of(from.dtype()));
  const char* source = static_cast<const char*>(from.raw());
  char* target = static_cast<char*>(to.raw());
  for (std::int64_t row = 0; row < from.shape()[0]; ++row) {
    for (const auto& [begin, end] : ranges) {
      const auto bytes = static_cast<std::size_t>((end - begin) * size);
      std::memcpy(target, source + (row * from.shape()[1] + begin) * size, bytes);
      target += bytes;
    }
  }
  return to;
}

/// Rows in a list of ranges.
Tensor take_rows(const Tensor& from, const std::vector<std::pair<std::int64_t, std::int64_t>>& ranges) {
  const std::int64_t columns = from.shape()[1];
  const Tensor flat = from.reshape({1, from.elements()});
  std::vector<std::pair<std::int64_t, std::int64_t>> scaled;
  std::int64_t rows = 0;
  for (const auto& [begin, end] : ranges) {
    scaled.emplace_back(begin * columns, end * columns);
    rows += end - begin;
  }
  return take_columns(flat, scaled).reshape({rows, columns});
}

/// One slicing of one checkpoint.
class Slicer {
 public:
  Slicer(const std::filesystem::path& model, const SliceConfig& config)
      : path_(model / "config.json"), files_(model), json_(read_json_object<ConfigError>(path_)) {
    if (json_.value("model_type", "") != "gemma3n" && json_.value("model_type", "") != "gemma3n_text") {
      throw ConfigError("{}: model_type: {}, expected gemma3n; only its checkpoints nest smaller models",
                        path_.string(), json_.value("model_type", ""));
    }
    const ConfigJson reader(path_);
    const auto inner = reader.object("text_config");
    spec_ = read_text_spec(inner ? *inner : reader);
    choose_layers(config.layers_skipped);
    choose_widths(config.ffn_hidden_dims);
    find_prefix();
  }

  Json config() const {
    Json edited = json_;
    Json& text = edited.contains("text_config") ? edited["text_config"] : edited;
    const std::int64_t first_shared = first_shared_layer();
    std::vector<std::string> types;
    std::vector<double> sparsity;
    for (const std::int64_t layer : kept_) {
      const auto at = static_cast<std::size_t>(layer);
      types.emplace_back(spec_.layers[at].sliding ? "sliding_attention" : "full_attention");
      sparsity.push_back(spec_.activation_sparsity[at]);
    }
    text["num_hidden_layers"] = kept_.size();
    text["intermediate_size"] = widths_;
    text["layer_types"] = types;
    text["activation_sparsity_pattern"] = sparsity;
    text["num_kv_shared_layers"] =
        std::ranges::count_if(kept_, [&](std::int64_t layer) { return layer >= first_shared; });
    return edited;
  }

  TensorSources tensors() const {
    TensorSources sources;
    for (const auto& [name, file] : files_.tensors()) {
      if (auto source = slice(name)) sources.push_back(std::move(*source));
    }
    return sources;
  }

  std::int64_t layers() const { return static_cast<std::int64_t>(kept_.size()); }

 private:
  std::int64_t first_shared_layer() const {
    const auto shares = [](const decoder::LayerSpec& layer) { return layer.kv_donor.has_value(); };
    return std::ranges::find_if(spec_.layers, shares) - spec_.layers.begin();
  }

  void choose_layers(const std::vector<std::int64_t>& skipped) {
    for (const std::int64_t layer : skipped) {
      if (layer < 0 || layer >= spec_.num_hidden_layers()) {
        throw ConfigError("layers_skipped: {}, expected 0 to {}", layer, spec_.num_hidden_layers() - 1);
      }
      if (spec_.layers[static_cast<std::size_t>(layer)].donates) {
        throw ConfigError("layers_skipped: {}: later layers share its keys and values; keep it", layer);
      }
    }
    for (std::int64_t layer = 0; layer < spec_.num_hidden_layers(); ++layer) {
      if (std::ranges::find(skipped, layer) == skipped.end()) kept_.push_back(layer);
    }
  }

  void choose_widths(std::vector<std::int64_t> widths) {
    if (widths.size() == 1) widths.resize(kept_.size(), widths[0]);
    if (widths.size() != kept_.size()) {
      throw ConfigError("ffn_hidden_dims: {} widths, expected one or {} (layers that are kept)", widths.size(),
                        kept_.size());
    }
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      const std::int64_t whole = spec_.layers[static_cast<std::size_t>(kept_[i])].intermediate_size;
      if (widths[i] < 1 || widths[i] > whole) {
        throw ConfigError("ffn_hidden_dims: {} for layer {}, expected 1 to {}", widths[i], kept_[i], whole);
      }
    }
    widths_ = std::move(widths);
  }

  void find_prefix() {
    constexpr std::string_view kTable = "embed_tokens_per_layer.weight";
    for (const auto& [name, file] : files_.tensors()) {
      if (name.ends_with(kTable)) prefix_ = name.substr(0, name.size() - kTable.size());
    }
  }

  /// What becomes of one tensor; nothing when its layer is skipped.
  std::optional<TensorSource> slice(const std::string& name) const {
    const Tensor tensor = files_.tensor(name);
    if (name == prefix_ + "embed_tokens_per_layer.weight") {
      return TensorSource{name, tensor.dtype(), {tensor.shape()[0], per_layer_width()}, [this, tensor] {
                            return take_columns(tensor, per_layer_ranges());
                          }};
    }
    if (name == prefix_ + "per_layer_model_projection.weight") {
      return TensorSource{name, tensor.dtype(), {per_layer_width(), tensor.shape()[1]}, [this, tensor] {
                            return take_rows(tensor, per_layer_ranges());
                          }};
    }
    const std::string layers = prefix_ + "layers.";
    if (!name.starts_with(layers)) return sources_of({{name, tensor}})[0];
    std::size_t digits = 0;
    const std::int64_t layer = std::stoll(name.substr(layers.size()), &digits);
    const auto found = std::ranges::find(kept_, layer);
    if (found == kept_.end()) return std::nullopt;
    const std::int64_t place = found - kept_.begin();
    return narrow(layers + std::to_string(place) + name.substr(layers.size() + digits), tensor,
                  widths_[static_cast<std::size_t>(place)]);
  }

  /// The first `width` neurons of an MLP's matrix; any other tensor as it is.
  static TensorSource narrow(const std::string& name, const Tensor& tensor, std::int64_t width) {
    if (name.ends_with(".mlp.gate_proj.weight") || name.ends_with(".mlp.up_proj.weight")) {
      return sources_of({{name, tensor.slice(0, width)}})[0];
    }
    if (!name.ends_with(".mlp.down_proj.weight")) return sources_of({{name, tensor}})[0];
    return {name, tensor.dtype(), {tensor.shape()[0], width}, [tensor, width] {
              return take_columns(tensor, {{0, width}});
            }};
  }

  std::int64_t per_layer_width() const { return layers() * spec_.hidden_size_per_layer_input; }

  std::vector<std::pair<std::int64_t, std::int64_t>> per_layer_ranges() const {
    std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
    const std::int64_t width = spec_.hidden_size_per_layer_input;
    for (const std::int64_t layer : kept_) ranges.emplace_back(layer * width, (layer + 1) * width);
    return ranges;
  }

  std::filesystem::path path_;
  CheckpointFiles files_;
  Json json_;
  TextSpec spec_;
  std::vector<std::int64_t> kept_;    // layers of the whole model, in order
  std::vector<std::int64_t> widths_;  // of the kept layers
  std::string prefix_;                // of the text model's tensors
};

}  // namespace

SliceConfig read_slice_config(const std::string& name_or_file) {
  if (name_or_file == "E2B") return {.layers_skipped = {20, 21, 22, 23, 24}, .ffn_hidden_dims = {8192}};
  if (!std::filesystem::exists(name_or_file)) {
    throw ConfigError("--config: {}, expected E2B or a JSON file with layers_skipped and ffn_hidden_dims",
                      name_or_file);
  }
  const Json json = read_json_object<ConfigError>(name_or_file);
  SliceConfig config;
  for (const auto& [key, value] : json.items()) {
    if (key != "layers_skipped" && key != "ffn_hidden_dims") {
      throw ConfigError("{}: {}: unknown key, expected layers_skipped or ffn_hidden_dims", name_or_file, key);
    }
    try {
      auto& target = key == "layers_skipped" ? config.layers_skipped : config.ffn_hidden_dims;
      target =
          value.is_number_integer() ? std::vector{value.get<std::int64_t>()} : value.get<std::vector<std::int64_t>>();
    } catch (const nlohmann::json::exception&) {
      throw ConfigError("{}: {}: {}, expected a list of integers", name_or_file, key, value.dump());
    }
  }
  if (config.ffn_hidden_dims.empty()) throw ConfigError("{}: ffn_hidden_dims: missing", name_or_file);
  return config;
}

SliceReport slice_checkpoint(const std::filesystem::path& model, const SliceConfig& config,
                             const std::filesystem::path& out) {
  const Slicer slicer(model, config);
  const TensorSources tensors = slicer.tensors();
  copy_model_files(model, out);
  write_text(out / "config.json", slicer.config().dump(2) + "\n");
  write_checkpoint(out, tensors);
  SliceReport report{slicer.layers(), static_cast<std::int64_t>(tensors.size()), 0};
  for (const TensorSource& tensor : tensors) report.parameters += tensor.shape.elements();
  return report;
}

}  // namespace eft::gemma3n
