#include "models/merge.h"

#include <algorithm>
#include <map>

#include "models/adapter.h"
#include "models/load.h"
#include "nn/adapter_file.h"
#include "ops/linear/linear.h"
#include "ops/scale/scale.h"

namespace eft {
namespace {

constexpr std::int64_t kRowsAtATime = 4096;

/// Where the two matrices of a weight's adapter are.
struct AdapterOf {
  std::string a, b;
  double scale;
};

/// Weights that the adapter changes, by their name in the checkpoint.
std::map<std::string, AdapterOf> adapted_weights(Model& model) {
  constexpr std::string_view kEnd = ".weight";
  std::map<std::string, AdapterOf> found;
  for (const Parameter& parameter : model.parameters()) {
    if (parameter.is_adapter() || !parameter.module.ends_with(kEnd)) continue;
    const std::string module = parameter.module.substr(0, parameter.module.size() - kEnd.size());
    const Parameter* a = model.parameters().find(module + ".lora_A.weight");
    const Parameter* b = model.parameters().find(module + ".lora_B.weight");
    if (a == nullptr || b == nullptr) continue;
    found[parameter.name] = {a->name, b->name, model.policy().lora(module)->scale};
  }
  return found;
}

}  // namespace

Tensor merged_weight(const Tensor& base, const Tensor& a, const Tensor& b, double scale) {
  const DType accumulator = accumulator_of(base.dtype());
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  Tensor merged(pool, Category::workspace, base.dtype(), base.shape());
  const Tensor down = cast(pool, Category::workspace, a, accumulator);
  const Tensor up = eft::scale(ctx, Var(cast(pool, Category::workspace, b, accumulator)), Var(), scale).value();
  const auto* products = linear_kernels.find(Device::cpu);
  for (std::int64_t row = 0; row < base.shape()[0]; row += kRowsAtATime) {
    const std::int64_t end = std::min(row + kRowsAtATime, base.shape()[0]);
    Tensor sum(pool, Category::workspace, accumulator, {end - row, base.shape()[1]});
    convert(base.slice(row, end), sum);
    // The gradient of a linear's input is a plain product: sum += up·down.
    products->backward_input(ctx.stream, up.slice(row, end).const_view(), down.const_view(), {sum.view(), true});
    Tensor target = merged.slice(row, end);
    convert(sum, target);
  }
  return merged;
}

MergeReport merge_adapter(const std::filesystem::path& model, const std::filesystem::path& adapter,
                          const std::filesystem::path& out, std::int64_t shard_bytes) {
  Pool meta(Device::meta);
  const OpenedModel opened = open_model(model, {.dtype = DType::f32, .train_base = false, .adapter = read_adapter_options(adapter)}, meta);
  load_adapter(*opened.model, meta, adapter);  // on meta this only compares names and shapes
  const std::map<std::string, AdapterOf> adapted = adapted_weights(*opened.model);
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
