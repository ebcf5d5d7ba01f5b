#include "models/merge.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/file.h"
#include "base/json.h"
#include "models/adapter.h"
#include "models/adapter_weights.h"
#include "models/load.h"
#include "nn/merge.h"

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

bool same_bytes(const Tensor& a, const Tensor& b) {
  const auto bytes = [](const Tensor& t) {
    return std::span(static_cast<const std::byte*>(t.raw()), static_cast<std::size_t>(t.bytes()));
  };
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::ranges::equal(bytes(a), bytes(b));
}

/// The output layer of a tied base once the adapter has made it another tensor than the embedding; none where both stay
/// one.
std::optional<Tensor> untied_head(const Model& model, const CheckpointFiles& files, const AdapterWeights& weights) {
  const Parameter& head = model.head_parameter();
  if (head.module != "lm_head.weight" || head.loaded_from() == model.info().head_name) return std::nullopt;
  const std::string shared(head.loaded_from());
  const Tensor original = files.tensor(shared);
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

/// The checkpoint's tensor, or the adapter's in its dtype.
TensorSource whole_weight(const std::string& name, DType dtype, const Tensor& weight) {
  return {name, dtype, weight.shape(), [dtype, weight] {
            Pool pool(Device::cpu);
            return cast(pool, Category::workspace, weight, dtype);
          }};
}

}  // namespace

MergeReport merge_adapter(const std::filesystem::path& model, const std::filesystem::path& adapter,
                          const std::filesystem::path& out, std::int64_t shard_bytes) {
  Pool meta(Device::meta);
  const OpenedModel opened = open_model(model,
                                        {.dtype = DType::f32,
                                         .train_base = false,
                                         .adapter = read_adapter_options(adapter),
                                         .vision = adapts_vision(adapter) ? Vision::wanted : Vision::none},
                                        meta);
  load_adapter(*opened.model, meta, adapter);  // on meta this only compares names and shapes
  const auto adapted = adapted_weights(opened.model->parameters(), opened.model->policy());
  const CheckpointFiles files(model);
  const AdapterWeights matrices(adapter);
  const auto saved = saved_weights(*opened.model, matrices);
  const auto head = untied_head(*opened.model, files, matrices);
  const std::string& head_name = opened.model->info().head_name;
  TensorSources tensors;
  MergeReport report;
  for (const auto& [name, file] : files.tensors()) {
    if (head && name == head_name) continue;  // a copy of the embedding
    const Tensor base = files.tensor(name);
    if (const auto whole = saved.find(name); whole != saved.end()) {
      ++report.merged;
      tensors.push_back(whole_weight(name, base.dtype(), matrices.tensor(whole->second)));
      continue;
    }
    const auto found = adapted.find(name);
    if (found == adapted.end()) {
      ++report.copied;
      tensors.push_back(sources_of({{name, base}})[0]);
      continue;
    }
    ++report.merged;
    tensors.push_back({name, base.dtype(), base.shape(), [base, &matrices, from = found->second] {
                         return merged_weight(base, matrices.tensor(from.a), matrices.tensor(from.b), from.scale);
                       }});
  }
  copy_model_files(model, out);
  if (head) {
    report.untied = true;
    const auto shared = std::string(opened.model->head_parameter().loaded_from());
    tensors.push_back(whole_weight(head_name, files.tensor(shared).dtype(), *head));
    write_untied(out / "config.json");
  }
  write_checkpoint(out, tensors, shard_bytes);
  return report;
}

}  // namespace eft
