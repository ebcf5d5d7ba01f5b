#include "quant/weight_source.h"

#include <fmt/ranges.h>

#include <array>
#include <optional>

#include "base/json.h"
#include "quant/folding.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::array kLayouts = {
    QuantLayout{"bitsandbytes", fold_bitsandbytes},
    QuantLayout{"fp8", fold_fp8},
    QuantLayout{"compressed-tensors", fold_compressed_tensors},
    QuantLayout{"modelopt", fold_modelopt},
    QuantLayout{"mxfp4", fold_mxfp4},
    QuantLayout{"gemma", fold_gemma},
};

/// The quantization_config of a folder, and where it stands.
struct Quantization {
  Json config;
  std::string where;

  std::string method() const { return JsonKeys<ConfigError>(config, where).string("quant_method", ""); }
};

std::optional<Quantization> read_quantization(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  if (!fs::exists(path)) return std::nullopt;
  const Json config = read_json_object<ConfigError>(path);
  const auto in = [&](const Json& object, const std::string& prefix) -> std::optional<Quantization> {
    const auto found = object.find("quantization_config");
    if (found == object.end() || !found->is_object()) return std::nullopt;
    return Quantization{*found, fmt::format("{}: {}quantization_config", path.string(), prefix)};
  };
  if (auto here = in(config, "")) return here;
  const auto text = config.find("text_config");
  return text != config.end() && text->is_object() ? in(*text, "text_config.") : std::nullopt;
}

const QuantLayout& layout_of(const Quantization& quantization) {
  std::vector<std::string_view> known;
  for (const QuantLayout& layout : kLayouts) {
    if (quantization.method() == layout.quant_method) return layout;
    known.emplace_back(layout.quant_method);
  }
  throw ConfigError(
      "{}: quant_method: {}: weights packed in this way are not supported; expected {}, or take the checkpoint in bf16 "
      "that they were made from",
      quantization.where, quantization.method().empty() ? "not named" : quantization.method(), fmt::join(known, ", "));
}

class SafetensorsWeights final : public WeightSource {
 public:
  explicit SafetensorsWeights(const fs::path& folder) : files_(folder) {
    const auto quantization = read_quantization(folder);
    Folding folding(files_, quantization ? folder.string() + ": " + quantization->method() : "");
    if (quantization) layout_of(*quantization).fold(folding, quantization->config);
    for (const auto& [name, file] : files_.tensors()) {
      if (!folding.taken().contains(name)) entries_[name] = {files_.entry(name).shape, false};
    }
    folded_ = folding.folded();
    for (const auto& [name, folded] : folded_) entries_[name] = {folded.shape, true};
  }

  const std::map<std::string, Entry>& entries() const override { return entries_; }
  Tensor tensor(const std::string& name) const override {
    expect(!folded_.contains(name), "a weight that is not packed");
    return files_.tensor(name);
  }
  PackedTensor packed(const std::string& name) const override { return folded_.at(name).read(); }
  bool is_mapped(const std::string& name) const override {
    const auto folded = folded_.find(name);
    if (folded == folded_.end()) return files_.is_mapped(name);
    return !folded->second.codes.empty() && files_.is_mapped(folded->second.codes);
  }

 private:
  CheckpointFiles files_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, FoldedWeight> folded_;
};

}  // namespace

std::unique_ptr<WeightSource> open_weights(const fs::path& folder) {
  return std::make_unique<SafetensorsWeights>(folder);
}

void check_quantization(const fs::path& folder) {
  if (const auto quantization = read_quantization(folder)) layout_of(*quantization);
}

std::string quantization_of(const fs::path& folder) {
  const auto quantization = read_quantization(folder);
  return quantization ? quantization->method() : "";
}

}  // namespace eft
