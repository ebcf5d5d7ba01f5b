#include "models/merge.h"

#include <map>

#include "models/adapter.h"
#include "models/load.h"
#include "nn/merge.h"

namespace eft {
namespace {

/// Weights that the adapter holds whole: their names in the checkpoint → in the adapter. Throws ConfigError where the
/// merged model could not be written.
std::map<std::string, std::string> saved_weights(const Model& model, const std::filesystem::path& adapter) {
  std::map<std::string, std::string> saved;
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.module == "lm_head.weight") {
      throw ConfigError("{}: modules_to_save: trains one of the tied embed_tokens and lm_head without the other, and a "
                        "checkpoint has one tensor for both; use the adapter unmerged", adapter.string());
    }
    if (!parameter.source.empty()) saved[parameter.source] = parameter.name;
  }
  return saved;
}

}  // namespace

MergeReport merge_adapter(const std::filesystem::path& model, const std::filesystem::path& adapter,
                          const std::filesystem::path& out, std::int64_t shard_bytes) {
  Pool meta(Device::meta);
  const OpenedModel opened = open_model(model, {.dtype = DType::f32, .train_base = false, .adapter = read_adapter_options(adapter)}, meta);
  load_adapter(*opened.model, meta, adapter);  // on meta this only compares names and shapes
  const auto adapted = adapted_weights(opened.model->parameters(), opened.model->policy());
  const auto saved = saved_weights(*opened.model, adapter);
  const CheckpointFiles files(model);
  const Safetensors matrices(adapter / "adapter_model.safetensors");
  TensorSources tensors;
  MergeReport report;
  for (const auto& [name, file] : files.tensors()) {
    const Tensor base = files.tensor(name);
    if (const auto whole = saved.find(name); whole != saved.end()) {
      ++report.merged;
      tensors.push_back({name, base.dtype(), base.shape(), [base, &matrices, from = whole->second] {
                           Pool pool(Device::cpu);
                           return cast(pool, Category::workspace, matrices.tensor(from), base.dtype());
                         }});
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
  write_checkpoint(out, tensors, shard_bytes);
  return report;
}

}  // namespace eft
