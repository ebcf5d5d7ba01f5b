#include "models/load.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "base/copy_file.h"
#include "base/parallel.h"
#include "base/random_fill.h"
#include "base/regex.h"
#include "base/tokenizer_files.h"
#include "models/adapter_weights.h"
#include "models/model_folder.h"
#include "nn/towers.h"
#include "tensor/device_memory.h"
#include "tensor/unpacked.h"

namespace eft {
namespace {

/// Whether kernels read a frozen weight of dtype `stored` directly under activations of dtype `compute`.
bool readable_as_stored(const Parameter& parameter, DType stored, DType compute) {
  if (stored == compute) return true;
  const int rank = parameter.shape.rank();  // a matrix, or one for each expert
  return (rank == 2 || rank == 3) && stored == DType::bf16 && compute == DType::f32;
}

/// The table stays on the host, in the dtype in which kernels read it; nothing of it is counted as the device's.
void load_pinned(Parameter& parameter, const Tensor& stored, DType compute, const Pool& pool) {
  const DType dtype = readable_as_stored(parameter, stored.dtype(), compute) ? stored.dtype() : compute;
  parameter.pinned = true;
  if (pool.device() == Device::meta) {
    parameter.value = Tensor(nullptr, Device::meta, dtype, parameter.shape);
    return;
  }
  const std::int64_t bytes = parameter.shape.elements() * static_cast<std::int64_t>(size_of(dtype));
  const auto memory = memory_of(pool.device())->pinned(bytes);
  if (memory == nullptr) {
    throw DeviceError(
        "ple_cpu_offload: the host has no {} that can be pinned; free memory, raise "
        "`ulimit -l`, or remove the key",
        format_bytes(bytes));
  }
  Tensor here(memory, Device::cpu, dtype, parameter.shape);
  convert(stored, here);
  parameter.value = Tensor(memory, pool.device(), dtype, parameter.shape);
}

/// Whether a parameter of the base is one of those that `options` do not freeze.
bool is_unfrozen(const Parameter& parameter, const LoadOptions& options) {
  return options.unfrozen.empty() || std::ranges::any_of(options.unfrozen, [&](const std::string& pattern) {
           const Regex beginning("(?:" + pattern + ").*", "unfrozen_parameters");
           return beginning.matches(parameter.name) || beginning.matches(parameter.module);
         });
}

bool is_trained(const Parameter& parameter, const LoadOptions& options) {
  if (parameter.buffer) return false;
  if (parameter.is_adapter()) return true;
  if (!options.train_base || (options.freeze_towers && is_of_tower(parameter.module))) return false;
  return is_unfrozen(parameter, options);
}

/// Whether a parameter is one that `options` leave on the host. Throws ConfigError where that makes no sense.
bool is_offloaded(const Parameter& parameter, const LoadOptions& options, const Pool& pool) {
  if (!options.ple_cpu_offload || !parameter.gathered || pool.imitated() == Device::cpu) return false;
  if (is_trained(parameter, options)) {
    throw ConfigError("ple_cpu_offload: {} is trained, which needs it on the device; remove the key", parameter.module);
  }
  return true;
}

/// Makes the parameters of the base trainable that `options` train. Throws ConfigError when there are none.
void train_base(OpenedModel& opened, const LoadOptions& options, Pool& pool) {
  bool any = false;
  for (Parameter& parameter : opened.model->parameters()) {
    if (parameter.is_adapter() || !is_trained(parameter, options)) continue;
    make_trainable(parameter, pool);
    any = true;
  }
  if (any) return;
  throw ConfigError("unfrozen_parameters: no parameter of the model begins like that; it has {}",
                    opened.model->parameters().begin()->module);
}

/// True when the value is `stored` itself.
bool load_parameter(Parameter& parameter, const Tensor& stored, const LoadOptions& options, Pool& pool) {
  const bool train = is_trained(parameter, options);
  const bool host = pool.imitated() == Device::cpu;
  if (is_offloaded(parameter, options, pool)) {
    load_pinned(parameter, stored, options.dtype, pool);
    return false;
  }
  if (parameter.storage.format != nullptr && !train) {
    const DType values = options.dtype == DType::f64 ? DType::f32 : options.dtype;
    parameter.packed =
        std::make_shared<PackedTensor>(pack(stored, parameter.storage, values, pool, parameter.category));
    return false;
  }
  if (host && !train && readable_as_stored(parameter, stored.dtype(), options.dtype)) {
    const bool meta = pool.device() == Device::meta;  // nothing is counted there either
    parameter.value = meta ? Tensor(nullptr, Device::meta, stored.dtype(), parameter.shape) : stored;
    return true;
  }
  parameter.value = Tensor(pool, parameter.category, options.dtype, parameter.shape);
  convert(stored, parameter.value);
  if (train && options.dtype == DType::bf16 && stored.dtype() == DType::f32) {
    parameter.master = Tensor(pool, Category::optimizer, DType::f32, parameter.shape);
    convert(stored, parameter.master);
  }
  return false;
}

/// The tensors of a packed weight, as they lie in mapped files or copied into memory of `pool`.
PackedTensor placed(PackedTensor packed, bool in_place, Pool& pool, Category category) {
  const bool meta = pool.device() == Device::meta;
  for (Tensor* tensor : {&packed.codes, &packed.scales, &packed.outer_scales, &packed.book}) {
    if (!*tensor || (in_place && !meta)) continue;
    if (in_place) {  // nothing is counted
      *tensor = Tensor(nullptr, Device::meta, tensor->dtype(), tensor->shape());
      continue;
    }
    const Tensor stored = *tensor;
    *tensor = Tensor(pool, category, stored.dtype(), stored.shape());
    if (meta) continue;
    if (const auto* memory = memory_of(pool.device())) {
      memory->from_host(tensor->raw(), stored.raw(), stored.bytes());
    } else {
      std::memcpy(tensor->raw(), stored.raw(), static_cast<std::size_t>(stored.bytes()));
    }
  }
  return packed;
}

/// Loads a weight that the checkpoint holds as codes: kept so where a linear multiplies by it and nobody trains it,
/// else its values. Throws ConfigError where every weight is to be trained.
void load_packed(Parameter& parameter, PackedTensor packed, bool mapped, const LoadOptions& options, Pool& pool) {
  if (options.train_base) {
    throw ConfigError(
        "{}: kept as {}, which stays frozen; train an adapter beside it (the key adapter), or take the checkpoint in bf16",
        parameter.name, packed.format->name);
  }
  // A run in bf16 sees values in bf16, and so does a device, which multiplies equals only.
  const bool narrow = packed.dtype == DType::f32 || pool.imitated() != Device::cpu;
  if (options.dtype == DType::bf16 && narrow) packed.dtype = DType::bf16;
  if (parameter.multiplied && !parameter.is_adapter()) {
    parameter.mapped = mapped && pool.imitated() == Device::cpu;
    parameter.packed =
        std::make_shared<PackedTensor>(placed(std::move(packed), parameter.mapped, pool, parameter.category));
    return;
  }
  parameter.value = Tensor(pool, parameter.category, options.dtype, parameter.shape);
  if (pool.device() == Device::meta) return;
  if (pool.device() == Device::cpu) return unpack_all(packed, parameter.value.view());
  Pool host(Device::cpu);
  convert(unpacked(packed, DType::f32, host, Category::workspace), parameter.value);
}

/// The last name of a module's path: "model.layers.0.mlp.gate_proj.weight" → "gate_proj".
std::string kind_of(const std::string& module) {
  const std::size_t end =
      module.ends_with(".weight") ? module.size() - std::string_view(".weight").size() : module.size();
  const std::string path = module.substr(0, end);
  return path.substr(path.rfind('.') + 1);
}

/// One line with everything that is wrong between a model and its checkpoint.
class Mismatch {
 public:
  void add(const std::string& line) { lines_.push_back(line); }
  void raise(const std::filesystem::path& folder) const {
    if (lines_.empty()) return;
    constexpr std::size_t kShown = 6;
    std::string all;
    for (std::size_t i = 0; i < lines_.size() && i < kShown; ++i) all += (i == 0 ? "" : "; ") + lines_[i];
    if (lines_.size() > kShown) all += fmt::format("; and {} more", lines_.size() - kShown);
    throw ConfigError("{}: {} tensors do not fit config.json: {}", folder.string(), lines_.size(), all);
  }

 private:
  std::vector<std::string> lines_;
};

const SkipRule* skip_rule(const std::vector<SkipRule>& rules, const std::string& name) {
  for (const SkipRule& rule : rules) {
    if (rule.pattern.matches(name)) return &rule;
  }
  return nullptr;
}

bool same_values(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) return false;
  if (a.dtype() == b.dtype()) return std::memcmp(a.raw(), b.raw(), static_cast<std::size_t>(a.bytes())) == 0;
  for (std::int64_t row = 0; row < a.shape()[0]; ++row) {
    if (to_doubles(a.slice(row, row + 1)) != to_doubles(b.slice(row, row + 1))) return false;
  }
  return true;
}

/// Transformers ties an output layer that stands in the files only if its values are those of the embedding.
void check_tied(const WeightSource& files, const std::set<std::string>& used, const std::vector<SkipRule>& rules,
                const Model& model, Mismatch& mismatch) {
  std::string embedding;
  for (const Parameter& parameter : model.parameters()) {
    if (embedding.empty() && parameter.loaded_from().ends_with(".embed_tokens.weight"))
      embedding = parameter.loaded_from();
  }
  if (!files.contains(embedding) || files.entries().at(embedding).packed) return;
  for (const auto& [name, entry] : files.entries()) {
    if (entry.packed) continue;
    const SkipRule* rule = used.contains(name) ? nullptr : skip_rule(rules, name);
    if (rule == nullptr || !rule->tied || same_values(files.tensor(name), files.tensor(embedding))) continue;
    mismatch.add(
        fmt::format("{} has other values than {}, to which it should be tied; give config.json "
                    "\"tie_word_embeddings\": false",
                    name, embedding));
  }
}

void sort_unread(const WeightSource& files, const std::set<std::string>& used, const std::vector<SkipRule>& rules,
                 OpenedModel& opened, Mismatch& mismatch) {
  std::map<std::string, int> reasons;
  for (const auto& [name, entry] : files.entries()) {
    if (used.contains(name)) continue;
    if (const SkipRule* rule = skip_rule(rules, name)) {
      ++reasons[rule->reason];
      if (!rule->tied) opened.skipped.push_back(name);
    } else {
      mismatch.add(fmt::format("{} {} is unknown", name, to_string(entry.shape)));
    }
  }
  for (const auto& [reason, count] : reasons) {
    opened.notes.push_back(fmt::format("{} tensors of the checkpoint are not read: {}", count, reason));
  }
}

/// Says what is kept as codes, and which matrices are not.
void add_storage_notes(const ParameterStore& parameters, std::vector<std::string>& notes) {
  struct Kept {
    std::int64_t weights = 0, values = 0, bytes = 0;
  };
  std::map<std::string, Kept> kept;
  std::set<std::string> dense;
  for (const Parameter& parameter : parameters) {
    if (parameter.is_adapter() || parameter.shape.rank() < 2) continue;
    if (!parameter.packed) {
      dense.insert(kind_of(parameter.module));
      continue;
    }
    Kept& one = kept[std::string(parameter.packed->format->name)];
    one.weights += 1;
    one.values += parameter.shape.elements();
    one.bytes += parameter.packed->bytes();
  }
  for (const auto& [format, one] : kept) {
    notes.push_back(fmt::format("{} weights are kept as {}: {} values in {}, {:.2f} bits each; dense are {}",
                                one.weights, format, one.values, format_bytes(one.bytes),
                                8.0 * static_cast<double>(one.bytes) / static_cast<double>(one.values),
                                fmt::join(dense, ", ")));
  }
}

/// Where a parameter's random numbers begin.
struct RandomKey {
  std::uint64_t seed;
  std::uint64_t stream;
};

/// Elements [begin, end) of a parameter's fresh value. Drawn in pieces with a stream each, so that the values depend
/// neither on threads nor on where a part begins, which is at a piece.
Tensor initial_part(const Parameter& parameter, DType dtype, RandomKey random, std::int64_t begin, std::int64_t end) {
  constexpr double kDeviation = 0.02;
  constexpr std::int64_t kPiece = 1 << 16;
  Pool pool(Device::cpu);
  const Tensor part(pool, Category::workspace, dtype, {end - begin});
  expect(begin % kPiece == 0, "a part that begins with a piece");
  parallel_for(end - begin, kPiece, [&](std::int64_t first, std::int64_t last) {
    std::vector<double> piece(static_cast<std::size_t>(last - first), parameter.init == Init::ones ? 1.0 : 0.0);
    if (parameter.init == Init::normal) {
      fill_normal(piece, random.seed, random.stream + static_cast<std::uint64_t>((begin + first) / kPiece));
      for (double& x : piece) x *= kDeviation;
    }
    Tensor target = part.slice(first, last);
    from_doubles(target, piece);
  });
  return part;
}

}  // namespace

OpenedModel open_model(const std::filesystem::path& folder, const LoadOptions& options, Pool& pool) {
  check_model_folder(folder);  // what is wrong with it as a whole is said before that of the weights
  const std::unique_ptr<WeightSource> weights = open_weights(folder);
  const WeightSource& files = *weights;
  LinearPolicy policy(options.adapter);
  policy.keep_frozen(options.frozen);
  const auto& given = options.adapter.model_dir;
  const Parts parts{.vision = options.vision, .adapt_vision = given.empty() || adapts_vision(given)};
  BuiltModel built = build_model(folder / "config.json", std::move(policy), &files, parts);
  OpenedModel opened{.model = std::move(built.model), .folder = folder, .skipped = {}, .notes = {}};
  opened.model->set_dtype(options.dtype);
  opened.model->policy().check_matched();
  Mismatch mismatch;
  std::set<std::string> used;
  for (Parameter& parameter : opened.model->parameters()) {
    const std::string name(parameter.loaded_from());
    if (name.empty()) continue;
    if (!files.contains(name)) {
      mismatch.add(fmt::format("{} {} is missing", name, to_string(parameter.shape)));
      continue;
    }
    used.insert(name);
    const WeightSource::Entry& entry = files.entries().at(name);
    if (entry.packed && entry.shape == parameter.shape) {
      load_packed(parameter, files.packed(name), files.is_mapped(name), options, pool);
    } else if (entry.packed) {
      mismatch.add(fmt::format("{} is {}, expected {}", name, to_string(entry.shape), to_string(parameter.shape)));
    } else if (entry.shape == parameter.shape ||
               (parameter.buffer && entry.shape.elements() == parameter.shape.elements())) {
      const Tensor stored = files.tensor(name).reshape(parameter.shape);
      const bool mapped = files.is_mapped(name) && pool.device() != Device::meta;
      parameter.mapped = load_parameter(parameter, stored, options, pool) && files.is_mapped(name);
      // What was copied out of the file need not stay in memory twice.
      if (mapped && !parameter.mapped) forget_pages(stored.raw(), static_cast<std::size_t>(stored.bytes()));
    } else {
      mismatch.add(fmt::format("{} is {}, expected {}", name, to_string(entry.shape), to_string(parameter.shape)));
    }
  }
  sort_unread(files, used, built.skipped, opened, mismatch);
  if (pool.device() != Device::meta) check_tied(files, used, built.skipped, *opened.model, mismatch);
  mismatch.raise(folder);
  add_storage_notes(opened.model->parameters(), opened.notes);
  if (options.ple_cpu_offload &&
      std::ranges::none_of(opened.model->parameters(), [](const Parameter& p) { return p.gathered; })) {
    throw ConfigError("ple_cpu_offload: {} has no per-layer embeddings; remove the key", folder.string());
  }
  if (options.train_base) train_base(opened, options, pool);
  return opened;
}

void freeze_towers(Model& model) {
  for (Parameter& parameter : model.parameters()) {
    if (is_of_tower(parameter.module)) parameter.grad = nullptr;
  }
}

TensorSources initial_values(const Model& model, DType dtype, std::uint64_t seed) {
  TensorSources sources;
  std::uint64_t index = 0;
  for (const Parameter& parameter : model.parameters()) {
    const RandomKey random{seed, ++index << 32};
    const auto part = [&parameter, dtype, random](std::int64_t begin, std::int64_t end) {
      return initial_part(parameter, dtype, random, begin, end);
    };
    const auto make = [&parameter, part] { return part(0, parameter.shape.elements()).reshape(parameter.shape); };
    sources.push_back({.name = parameter.name, .dtype = dtype, .shape = parameter.shape, .make = make, .part = part});
  }
  return sources;
}

void copy_model_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  copy_tokenizer_files(from, to);
  for (const char* name : {"config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json",
                           kProcessorTemplate}) {
    if (std::filesystem::exists(from / name)) copy_atomically(from / name, to / name);
  }
}

void write_model_config(const std::filesystem::path& from, const std::filesystem::path& to, DType dtype) {
  const std::string text = read_text(from);
  auto config = nlohmann::ordered_json::parse(text);
  const auto before = config;
  const std::string name = dtype == DType::bf16 ? "bfloat16" : dtype == DType::f64 ? "float64" : "float32";
  const auto set = [&](nlohmann::ordered_json& object) {
    for (const char* key : {"dtype", "torch_dtype"}) {
      if (object.contains(key)) object[key] = name;
    }
  };
  set(config);
  if (config.contains("text_config") && config["text_config"].is_object()) set(config["text_config"]);
  write_text(to, config == before ? text : config.dump(2) + "\n");
}

void save_model(const OpenedModel& opened, const std::filesystem::path& folder) {
  const CheckpointFiles original(opened.folder);
  const DType dtype = opened.model->dtype();
  TensorSources tensors;
  for (const Parameter& parameter : opened.model->parameters()) {
    const auto part = [&parameter, dtype](std::int64_t begin, std::int64_t end) {
      Pool pool(Device::cpu);
      const Tensor& exact = parameter.exact();
      return cast(pool, Category::workspace, exact.reshape({exact.elements()}).slice(begin, end), dtype);
    };
    tensors.push_back({.name = parameter.name, .dtype = dtype, .shape = parameter.shape, .make = {}, .part = part});
  }
  for (const std::string& name : opened.skipped) {
    tensors.push_back(sources_of({{name, original.tensor(name)}})[0]);
  }
  std::filesystem::create_directories(folder);
  copy_model_files(opened.folder, folder);
  write_model_config(opened.folder / "config.json", folder / "config.json", dtype);
  write_checkpoint(folder, tensors);
}

}  // namespace eft
