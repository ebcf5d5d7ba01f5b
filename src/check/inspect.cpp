#include "check/inspect.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/regex.h"
#include "models/load.h"
#include "models/model_folder.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The first pattern that is found in a tensor's name tells its part.
constexpr std::pair<const char*, const char*> kParts[] = {
    {R"(^(model\.)?(vision_tower|vision_embedder))", "vision tower"},
    {R"(^(model\.)?audio_tower)", "audio tower"},
    {R"((embed_vision|embed_audio|multi_modal_projector)\.)", "projectors into the text model"},
    {R"(^(first|second|master)\.)", "optimizer"},
    {R"(embed_tokens_per_layer|per_layer_)", "per-layer embeddings"},
    {R"(embed_tokens)", "embedding"},
    {R"(lm_head)", "output layer"},
    {R"(\.experts\.)", "experts"},
    {R"(\.router\.)", "router"},
    {R"(\.self_attn\.)", "attention"},
    {R"(\.mlp\.)", "mlp"},
    {R"(altup|\.laurel\.)", "altup and laurel"},
    {R"(norm)", "norms"},
};

std::string part_of(const std::string& name) {
  static const std::vector<std::pair<Regex, const char*>> parts = [] {
    std::vector<std::pair<Regex, const char*>> compiled;
    for (const auto& [pattern, part] : kParts) compiled.emplace_back(Regex(pattern, "name of a tensor"), part);
    return compiled;
  }();
  for (const auto& [pattern, part] : parts) {
    if (pattern.found_in(name)) return part;
  }
  return "other";
}

void count(std::vector<TensorCount>& counts, const std::string& name, std::int64_t elements) {
  auto found = std::ranges::find(counts, name, &TensorCount::name);
  if (found == counts.end()) found = counts.insert(counts.end(), TensorCount{name, 0, 0});
  ++found->tensors;
  found->elements += elements;
}

void count_tensors(const std::map<std::string, Safetensors::Entry>& entries, Inspection& result) {
  for (const auto& [name, entry] : entries) {
    count(result.parts, part_of(name), entry.shape.elements());
    count(result.dtypes, entry.dtype, entry.shape.elements());
  }
}

/// A scalar or short list of a JSON file as a fact; nothing when absent.
void add_fact(const Json& json, const char* key, Inspection& result) {
  if (!json.contains(key) || json[key].is_null()) return;
  const Json& value = json[key];
  result.facts.emplace_back(key, value.is_string() ? value.get<std::string>() : brief(value));
}

void inspect_model(const fs::path& folder, Inspection& result) {
  result.kinds.emplace_back("model");
  const Json config = read_json_object<FileError>(folder / "config.json");
  const Json& text = config.contains("text_config") ? config["text_config"] : config;
  add_fact(config, "model_type", result);
  for (const char* key : {"num_hidden_layers", "hidden_size", "vocab_size", "max_position_embeddings"})
    add_fact(text, key, result);
  const CheckpointFiles files(folder);
  for (const auto& [name, file] : files.tensors()) {
    count(result.parts, part_of(name), files.entry(name).shape.elements());
    count(result.dtypes, files.entry(name).dtype, files.entry(name).shape.elements());
  }
  Pool meta(Device::meta);
  const OpenedModel opened = open_model(folder, LoadOptions(), meta);
  result.facts.emplace_back("family", opened.model->info().family);
  result.notes = opened.notes;
}

void inspect_adapter(const fs::path& folder, Inspection& result) {
  result.kinds.emplace_back("adapter");
  const Json config = read_json_object<FileError>(folder / "adapter_config.json");
  for (const char* key : {"peft_type", "base_model_name_or_path", "r", "lora_alpha", "use_rslora", "target_modules",
                          "target_parameters"}) {
    add_fact(config, key, result);
  }
  count_tensors(Safetensors(folder / "adapter_model.safetensors").entries(), result);
}

void inspect_state(const fs::path& folder, Inspection& result) {
  result.kinds.emplace_back("training state");
  const Json state = read_json_object<FileError>(folder / "trainer_state.json");
  for (const char* key : {"global_step", "max_steps", "optimizer_steps", "cursor", "train_examples"})
    add_fact(state, key, result);
  count_tensors(Safetensors(folder / "optimizer.safetensors").entries(), result);
}

}  // namespace

Inspection inspect(const fs::path& path) {
  Inspection result{.path = path, .kinds = {}, .facts = {}, .parts = {}, .dtypes = {}, .notes = {}};
  if (fs::is_regular_file(path)) {
    result.kinds.emplace_back("safetensors file");
    const Safetensors file(path);
    for (const auto& [key, value] : file.metadata()) result.facts.emplace_back(key, value);
    count_tensors(file.entries(), result);
    return result;
  }
  if (!fs::is_directory(path)) throw FileError("{}: no such file or folder", path.string());
  const bool weights = fs::exists(path / "model.safetensors") || fs::exists(path / "model.safetensors.index.json");
  if (weights && fs::exists(path / "config.json")) inspect_model(path, result);
  if (fs::exists(path / "adapter_config.json")) inspect_adapter(path, result);
  if (fs::exists(path / "trainer_state.json")) inspect_state(path, result);
  if (result.kinds.empty() && fs::exists(path / "config.json")) {
    check_model_folder(path);
    const CheckpointFiles weights_missing(path);  // says what there is instead
  }
  if (result.kinds.empty()) {
    throw FileError("{}: neither a model (config.json and weights) nor an adapter (adapter_config.json)",
                    path.string());
  }
  return result;
}

std::string to_text(const Inspection& inspection) {
  std::string text = inspection.path.string() + ": ";
  for (const std::string& kind : inspection.kinds) text += (kind == inspection.kinds.front() ? "" : ", ") + kind;
  text += "\n";
  for (const auto& [name, value] : inspection.facts) text += fmt::format("  {:<26} {}\n", name, value);
  const auto table = [&](const char* title, const std::vector<TensorCount>& counts) {
    text += fmt::format("{:<32} {:>8} {:>16}\n", title, "tensors", "elements");
    TensorCount all{"all", 0, 0};
    for (const TensorCount& row : counts) {
      text += fmt::format("  {:<30} {:>8} {:>16}\n", row.name, row.tensors, row.elements);
      all.tensors += row.tensors;
      all.elements += row.elements;
    }
    if (counts.size() > 1) text += fmt::format("  {:<30} {:>8} {:>16}\n", all.name, all.tensors, all.elements);
  };
  table("part", inspection.parts);
  table("dtype", inspection.dtypes);
  for (const std::string& note : inspection.notes) text += "note: " + note + "\n";
  return text;
}

std::string to_json(const Inspection& inspection) {
  const auto table = [](const std::vector<TensorCount>& counts) {
    Json json = Json::object();
    for (const TensorCount& row : counts) json[row.name] = {{"tensors", row.tensors}, {"elements", row.elements}};
    return json;
  };
  Json facts = Json::object();
  for (const auto& [name, value] : inspection.facts) facts[name] = value;
  return Json{{"path", inspection.path.string()}, {"kinds", inspection.kinds},          {"facts", facts},
              {"parts", table(inspection.parts)}, {"dtypes", table(inspection.dtypes)}, {"notes", inspection.notes}}
      .dump();
}

}  // namespace eft
