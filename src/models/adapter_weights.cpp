#include "models/adapter_weights.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace eft {
namespace {

constexpr std::pair<std::string_view, std::string_view> kRenamed[] = {
    {"base_model.model.language_model.model.", "base_model.model.model.language_model."},
    {"base_model.model.language_model.lm_head.", "base_model.model.lm_head."},
    {"base_model.model.vision_tower.vision_model.", "base_model.model.model.vision_tower."},
    {"base_model.model.model.vision_tower.vision_model.", "base_model.model.model.vision_tower."},
    {"base_model.model.multi_modal_projector.", "base_model.model.model.multi_modal_projector."}};

std::string todays_name(const std::string& name) {
  for (const auto& [old, now] : kRenamed) {
    if (name.starts_with(old)) return std::string(now) + name.substr(old.size());
  }
  return name;
}

}  // namespace

AdapterWeights::AdapterWeights(const std::filesystem::path& folder) : file_(folder / "adapter_model.safetensors") {
  for (const auto& [name, entry] : file_.entries()) {
    const auto [place, fresh] = names_.emplace(todays_name(name), name);
    if (!fresh) throw FileError("{}: holds both {} and {}, expected one of them", path().string(), place->second, name);
  }
}

bool adapts_vision(const std::filesystem::path& folder) {
  const AdapterWeights weights(folder);
  return std::ranges::any_of(weights.names(), [](const auto& entry) {
    return entry.first.starts_with("base_model.model.model.vision_tower.") ||
           entry.first.starts_with("base_model.model.model.multi_modal_projector.");
  });
}

}  // namespace eft
