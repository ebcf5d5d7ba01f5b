#include "models/merge.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/file.h"
#include "base/json.h"
#include "models/adapter.h"
#include "models/adapter_weights.h"
#include "models/config_json.h"
#include "models/load.h"
#include "nn/merge.h"
#include "tensor/unpacked.h"

namespace eft {
namespace {

/// Weights that the adapter holds whole: their names in the checkpoint → in the adapter. A tied output layer is not
/// among them: the checkpoint has no tensor for it.
std::map<std::string, std::string> saved_weights(const Model& model, const AdapterWeights& weights) {
  std::map<std::string, std::string> saved;
  for (const Parameter& parameter : model.parameters()) {
    const bool head = &parameter == &model.head_parameter() && parameter.module == "lm_head.weight";
    if (parameter.source.empty() || (head && parameter.source != model.info().head_name)) continue;
    const bool by_head = parameter.carried && !weights.contains(parameter.name);
    saved[parameter.source] = by_head ? kPeftPrefix + std::string("lm_head.weight") : parameter.name;
  }
  return saved;
}

/// The values of a weight of the checkpoint; of codes in `dtype`.
Tensor values_of(const WeightSource& files, const std::string& name, DType dtype) {
  if (!files.entries().at(name).packed) return files.tensor(name);
  Pool pool(Device::cpu);
  return unpacked(files.packed(name), dtype, pool, Category::workspace);
}

/// In which the values of codes are written: what config.json names.
DType dtype_of_values(const std::filesystem::path& model) {
  const ConfigJson config(model / "config.json");
  return config.string("dtype", config.string("torch_dtype", "bfloat16")) == "float32" ? DType::f32 : DType::bf16;
}

/// Takes out of a config.json that weights are codes.
void write_unpacked(const std::filesystem::path& path) {
  auto config = read_json_object<ConfigError>(path);
  config.erase("quantization_config");
  if (config.contains("text_config") && config["text_config"].is_object())
    config["text_config"].erase("quantization_config");
  write_text(path, config.dump(2) + "\n");
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  const auto bytes = [](const Tensor& t) {
    return std::span(static_cast<const std::byte*>(t.raw()), static_cast<std::size_t>(t.bytes()));
  };
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::ranges::equal(bytes(a), bytes(b));
}

/// The output layer of a tied base once the adapter has made it another tensor than the embedding; none where both stay
/// one.
std::optional<Tensor> untied_head(const Model& model, const WeightSource& files, const AdapterWeights& weights) {
  const Parameter& head = model.head_parameter();
  if (head.module != "lm_head.weight" || head.loaded_from() == model.info().head_name) return std::nullopt;
  const std::string shared(head.loaded_from());
  const Tensor original = values_of(files, shared, DType::bf16);
  const auto now = [&](const Parameter& parameter) {
    return parameter.is_adapter() ? weights.tensor(parameter.name) : original;
  };
  const auto tied_to = std::ranges::find_if(
      model.parameters(), [&](const Parameter& p) { return &p != &head && p.loaded_from() == shared; });
  if (same_bytes(now(head), now(*tied_to))) return std::nullopt;
  return now(head);
}

/// Says in a config.json that the output layer is a tensor of its own.
void write_untied(const std::filesystem::path& path) {
  auto config = read_json_object<ConfigError>(path);
  config["tie_word_embeddings"] = false;
  if (config.contains("text_config") && config["text_config"].is_object())
    config["text_config"]["tie_word_embeddings"] = false;
  write_text(path, config.dump(2) + "\n");
}

/// How weights were kept beside which the adapter was trained, by their names in the checkpoint.
std::map<std::string, Storage> storage_of_weights(const Model& model) {
  std::map<std::string, Storage> found;
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.packed && parameter.storage.format == parameter.packed->format)
      found[parameter.name] = parameter.storage;
  }
  return found;
}

/// The values beside which the adapter was trained: those of the codes of a weight that is packed.
Tensor as_trained(const Tensor& base, const Storage& storage) {
  if (storage.format == nullptr) return base;
  Pool pool(Device::cpu);
  const DType dtype = base.dtype() == DType::bf16 ? DType::bf16 : DType::f32;
  const Tensor values =
      unpacked(pack(base, storage, dtype, pool, Category::workspace), dtype, pool, Category::workspace);
  return cast(pool, Category::workspace, values, base.dtype());
}

/// The checkpoint's tensor, or the adapter's in its dtype.
TensorSource whole_weight(const std::string& name, DType dtype, const Tensor& weight) {
  return {name, dtype, weight.shape(), [dtype, weight] {
            Pool pool(Device::cpu);
            return cast(pool, Category::workspace, weight, dtype);
          }};
}

}  // namespace

MergeReport merge_adapter(const std::filesystem::path& model, const std::filesystem::path& adapter,
                          const std::filesystem::path& out, const FrozenStorage& frozen, std::int64_t shard_bytes) {
  Pool meta(Device::meta);
  const LoadOptions load{.dtype = DType::f32,
                         .train_base = false,
                         .adapter = read_adapter_options(adapter),
                         .frozen = frozen,
                         .vision = adapts_vision(adapter) ? Vision::wanted : Vision::none};
  const OpenedModel opened = open_model(model, load, meta);
  load_adapter(*opened.model, meta, adapter);  // on meta this only compares names and shapes
  const auto adapted = adapted_weights(opened.model->parameters(), opened.model->policy());
  const std::unique_ptr<WeightSource> source = open_weights(model);
  const WeightSource& files = *source;
  const DType of_codes = dtype_of_values(model);
  const AdapterWeights matrices(adapter);
  const auto saved = saved_weights(*opened.model, matrices);
  const auto packed = storage_of_weights(*opened.model);
  const auto head = untied_head(*opened.model, files, matrices);
  const std::string& head_name = opened.model->info().head_name;
  TensorSources tensors;
  MergeReport report;
  for (const auto& [name, entry] : files.entries()) {
    if (head && name == head_name) continue;  // a copy of the embedding
    if (entry.packed && !saved.contains(name)) {
      ++report.rounded;
      report.merged += adapted.contains(name) ? 1 : 0;
      tensors.push_back({name, of_codes, entry.shape, [&, name = name] {
                           const Tensor base = values_of(files, name, of_codes);
                           const auto from = adapted.find(name);
                           if (from == adapted.end()) return base;
                           return merged_weight(base, matrices.tensor(from->second.a), matrices.tensor(from->second.b),
                                                from->second.scale);
                         }});
      continue;
    }
    if (const auto whole = saved.find(name); whole != saved.end()) {
      ++report.merged;
      const DType dtype = entry.packed ? of_codes : files.tensor(name).dtype();
      tensors.push_back(whole_weight(name, dtype, matrices.tensor(whole->second)));
      continue;
    }
    const Tensor base = files.tensor(name);
    const auto found = adapted.find(name);
    const auto codes = packed.find(name);
    if (found == adapted.end() && codes == packed.end()) {
      ++report.copied;
      tensors.push_back(sources_of({{name, base}})[0]);
      continue;
    }
    const Storage storage = codes == packed.end() ? Storage() : codes->second;
    report.rounded += storage.format != nullptr ? 1 : 0;
    if (found == adapted.end()) {
      tensors.push_back({name, base.dtype(), base.shape(), [base, storage] { return as_trained(base, storage); }});
      continue;
    }
    ++report.merged;
    tensors.push_back({name, base.dtype(), base.shape(), [base, storage, &matrices, from = found->second] {
                         return merged_weight(as_trained(base, storage), matrices.tensor(from.a),
                                              matrices.tensor(from.b), from.scale);
                       }});
  }
  copy_model_files(model, out);
  if (head) {
    report.untied = true;
    const auto shared = std::string(opened.model->head_parameter().loaded_from());
    tensors.push_back(whole_weight(head_name, values_of(files, shared, of_codes).dtype(), *head));
    write_untied(out / "config.json");
  }
  if (!quantization_of(model).empty()) write_unpacked(out / "config.json");
  write_checkpoint(out, tensors, shard_bytes);
  return report;
}

}  // namespace eft
