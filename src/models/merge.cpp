#include "models/merge.h"

#include <map>

#include "models/adapter.h"
#include "models/load.h"
#include "nn/merge.h"

namespace eft {

MergeReport merge_adapter(const std::filesystem::path& model, const std::filesystem::path& adapter,
                          const std::filesystem::path& out, std::int64_t shard_bytes) {
  Pool meta(Device::meta);
  const OpenedModel opened = open_model(model, {.dtype = DType::f32, .train_base = false, .adapter = read_adapter_options(adapter)}, meta);
  load_adapter(*opened.model, meta, adapter);  // on meta this only compares names and shapes
  const auto adapted = adapted_weights(opened.model->parameters(), opened.model->policy());
  const CheckpointFiles files(model);
  const Safetensors matrices(adapter / "adapter_model.safetensors");
  TensorSources tensors;
  MergeReport report;
  for (const auto& [name, file] : files.tensors()) {
    const Tensor base = files.tensor(name);
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
