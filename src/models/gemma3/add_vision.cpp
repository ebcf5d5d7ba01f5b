#include "models/gemma3/add_vision.h"

#include <algorithm>
#include <array>

#include "models/gemma3/vision.h"

namespace eft::gemma3 {
namespace {

/// Where the tower and the projector stand in checkpoints: as Transformers writes them since 5, on the hub since 2025,
/// as Transformers 4.5x saves them.
constexpr std::array kTowers = {"vision_tower", "vision_tower.vision_model", "model.vision_tower.vision_model",
                                "model.vision_tower"};
constexpr std::array kProjectors = {"multi_modal_projector", "model.multi_modal_projector"};
constexpr const char* kTowerModule = "model.vision_tower";
constexpr const char* kProjectorModule = "model.multi_modal_projector";

/// The first of `prefixes` under which the files have `tensor`, else the first of all.
template <std::size_t kCount>
const char* find_prefix(const std::array<const char*, kCount>& prefixes, const std::string& tensor,
                        const WeightSource* files) {
  if (files == nullptr) return prefixes.front();
  const auto found =
      std::ranges::find_if(prefixes, [&](const char* prefix) { return files->contains(prefix + ("." + tensor)); });
  return found == prefixes.end() ? prefixes.front() : *found;
}

bool holds_tower(const WeightSource& files) {
  return std::ranges::any_of(
      kTowers, [&](const std::string& prefix) { return files.contains(prefix + ".post_layernorm.weight"); });
}

std::int32_t token(const ConfigJson& config, const char* key, const char* other, std::int64_t fallback) {
  return static_cast<std::int32_t>(config.integer(key, config.integer(other, fallback)));
}

}  // namespace

bool wants_vision(const ConfigJson& container, const WeightSource* files, Vision vision) {
  if (vision != Vision::where_stored) return vision == Vision::wanted;
  return container.has("vision_config") && (files == nullptr || holds_tower(*files));
}

void add_vision(Model& model, const ConfigJson& container, std::int64_t text_hidden_size, const WeightSource* files,
                bool adapt) {
  const VisionSpec spec = read_vision_spec(container, text_hidden_size);
  const char* tower = find_prefix(kTowers, "post_layernorm.weight", files);
  const char* projector = find_prefix(kProjectors, "mm_soft_emb_norm.weight", files);
  LinearPolicy plain;
  LinearPolicy& policy = adapt ? model.policy() : plain;  // asked while modules are built
  model.add_vision(make_vision_tower(spec, Scope(model.parameters(), policy, tower, kTowerModule),
                                     Scope(model.parameters(), policy, projector, kProjectorModule)),
                   {.begin = token(container, "boi_token_index", "boi_token_id", 255999),
                    .soft = token(container, "image_token_index", "image_token_id", 262144),
                    .end = token(container, "eoi_token_index", "eoi_token_id", 256000)});
}

}  // namespace eft::gemma3
