#include "base/json.h"
#include "base/regex.h"
#include "quant/folding.h"
#include "quant/integer_rows.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// How many bits the codes of a module have: the first pattern that its path holds, else the common number.
class Bits {
 public:
  explicit Bits(const Json& config) : keys_(config, "quantization_config"), common_(keys_.integer("num_bits", 4)) {
    const Json* const modules = keys_.find("module_quant_configs");
    if (modules == nullptr) return;
    if (!modules->is_object()) keys_.fail("module_quant_configs", "an object of patterns");
    for (const auto& [pattern, options] : modules->items()) {
      if (!options.is_object()) keys_.fail("module_quant_configs", "an object of patterns");
      own_.emplace_back(Regex(".*(?:" + pattern + ").*", "quantization_config: module_quant_configs"),
                        JsonKeys<ConfigError>(options, "module_quant_configs").integer("num_bits", common_));
    }
  }

  std::int64_t of(const std::string& module) const {
    for (const auto& [pattern, bits] : own_) {
      if (pattern.matches(module)) return bits;
    }
    return common_;
  }

 private:
  JsonKeys<ConfigError> keys_;
  std::int64_t common_;
  std::vector<std::pair<Regex, std::int64_t>> own_;
};

const PackedFormat& format_of(const Folding& folding, const std::string& weight, std::int64_t bits) {
  if (bits == 8) return integer8;
  if (bits == 4) return integer4;
  if (bits == 2) return integer2;
  folding.refuse(weight, fmt::format("num_bits {}, expected 2, 4 or 8", bits));
}

void fold_rows(Folding& folding, const Bits& bits, const std::string& module, const std::string& codes,
               const std::string& scales) {
  const std::string weight = module + ".weight";
  const bool bytes = folding.dtype(codes) == "I8";
  const PackedFormat& format = bytes ? integer8 : format_of(folding, weight, bits.of(module));
  const Shape stored = folding.take(weight, codes, {"I8", "U8"}).shape;
  if (&format == &integer8 && !bytes) folding.refuse(weight, fmt::format("{} is U8, expected I8 for 8 bits", codes));
  if (stored.rank() != 2) folding.refuse(weight, fmt::format("{} is {}, expected a matrix", codes, to_string(stored)));
  const std::int64_t in_byte = &format == &integer2 ? 4 : &format == &integer4 ? 2 : 1;
  const Shape shape{stored[0], stored[1] * in_byte};
  const Shape given = folding.take(weight, scales, {"F32", "BF16", "F16"}).shape;
  const std::int64_t parts = given.rank() == 2 && given[0] == shape[0] ? given[1] : 0;
  if (parts < 1 || shape[1] % parts != 0) {
    folding.refuse(weight, fmt::format("{} is {}, expected [{}, parts of a row]", scales, to_string(given), shape[0]));
  }
  folding.add(weight, {shape, codes, [&files = folding.files(), &format, shape, codes, scales, parts] {
                         PackedTensor packed{.format = &format, .dtype = DType::f32, .shape = shape};
                         packed.codes = files.tensor(codes);
                         packed.scales = small_floats(files.tensor(scales));
                         packed.block = {1, shape[1] / parts};
                         return packed;
                       }});
}

}  // namespace

void fold_gemma(Folding& folding, const Json& config) {
  const Bits bits(config);
  for (const std::string_view end :
       {".input_activation_scale", ".output_activation_scale", ".k_cache_scale", ".v_cache_scale"}) {
    for (const std::string& stem : folding.stems(end)) folding.leave(stem + std::string(end));
  }
  for (const std::string& module : folding.stems(".weight_scale")) {
    fold_rows(folding, bits, module, module + ".weight", module + ".weight_scale");
  }
  for (const std::string& module : folding.stems(".embedding_scale")) {
    fold_rows(folding, bits, module, module + ".embedding_quantized", module + ".embedding_scale");
  }
}

}  // namespace eft
