#include "models/quantize.h"

#include <map>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "models/load.h"
#include "quant/packed_files.h"

namespace eft {
namespace {

/// The path of a module from the name of its weight.
std::string module_of(const std::string& weight) {
  constexpr std::string_view kEnd = ".weight";
  return weight.ends_with(kEnd) ? weight.substr(0, weight.size() - kEnd.size()) : weight;
}

/// Modules that stay as they are, as Transformers matches them: linears of the text model by their paths, the others by
/// what contains them.
std::vector<std::string> dense_modules(const OpenedModel& opened, const std::set<std::string>& packed) {
  std::vector<std::string> dense{"lm_head"};
  for (const Parameter& parameter : opened.model->parameters()) {
    if (parameter.multiplied && !packed.contains(parameter.name)) dense.push_back(module_of(parameter.module));
  }
  if (!opened.skipped.empty()) {
    for (const char* part :
         {"vision_tower", "audio_tower", "multi_modal_projector", "embed_vision", "embed_audio", "vision_embedder"}) {
      dense.insert(dense.end(), {part, std::string("model.") + part});
    }
  }
  return dense;
}

}  // namespace

QuantizeReport quantize_checkpoint(const std::filesystem::path& model, const std::filesystem::path& out,
                                   const Storage& storage, std::int64_t shard_bytes) {
  if (const std::string method = quantization_of(model); !method.empty()) {
    throw ConfigError("{}: its weights are packed already ({}); take the checkpoint that they were made from",
                      model.string(), method);
  }
  Pool meta(Device::meta);
  const OpenedModel opened =
      open_model(model, {.dtype = DType::bf16, .adapter = {}, .frozen = {storage, {}, {}}}, meta);
  std::set<std::string> packed;
  for (const Parameter& parameter : opened.model->parameters()) {
    if (parameter.packed && is_writable(storage, parameter.shape)) packed.insert(parameter.name);
  }
  const std::unique_ptr<WeightSource> files = open_weights(model);
  TensorSources tensors;
  for (const auto& [name, entry] : files->entries()) {
    const Tensor stored = files->tensor(name);
    if (!packed.contains(name)) {
      tensors.push_back(sources_of({{name, stored}})[0]);
      continue;
    }
    const DType dtype = stored.dtype() == DType::bf16 ? DType::bf16 : DType::f32;
    for (TensorSource& part : packed_files(name, entry.shape, storage, dtype, [stored] { return stored; })) {
      tensors.push_back(std::move(part));
    }
  }
  copy_model_files(model, out);
  auto config = read_json_object<ConfigError>(out / "config.json");
  config["quantization_config"] = quantization_config(storage, dense_modules(opened, packed));
  write_text(out / "config.json", config.dump(2) + "\n");
  write_checkpoint(out, tensors, shard_bytes);
  return {static_cast<std::int64_t>(packed.size()), static_cast<std::int64_t>(files->entries().size() - packed.size())};
}

}  // namespace eft
