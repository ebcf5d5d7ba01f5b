// A checkpoint of packed weights: the first byte chooses its quant_method, a line holds the rest of the
// quantization_config, what follows is the header of model.safetensors. Its data is of the length that the header
// claims, within bounds.
#include "quant/weight_source.h"

#include <algorithm>

#include "base/json.h"
#include "target.h"
#include "tensor/unpacked.h"

namespace eft {
namespace {

constexpr std::int64_t kMostBytes = 1 << 16;

std::int64_t data_bytes(std::string_view header) {
  std::int64_t most = 0;
  const ParsedJson parsed = parse_json(header);
  if (!parsed.fault.empty() || !parsed.value.is_object()) return 64;
  for (const auto& tensor : parsed.value) {
    if (!tensor.is_object() || !tensor.contains("data_offsets") || !tensor["data_offsets"].is_array()) continue;
    for (const auto& offset : tensor["data_offsets"]) {
      if (offset.is_number_unsigned())
        most = std::max(most, std::min<std::int64_t>(offset.get<std::uint32_t>(), kMostBytes));
    }
  }
  return most;
}

}  // namespace

void fuzz_one(std::string_view input) {
  constexpr const char* kMethods[] = {"bitsandbytes", "fp8", "compressed-tensors", "modelopt", "mxfp4", "gemma"};
  const char* method = kMethods[take_choice(input, std::size(kMethods))];
  const std::string_view more = input.substr(0, input.find('\n'));
  const std::string_view header = input.substr(std::min(input.size(), more.size() + 1));
  const auto folder = scratch_folder();
  const std::uint64_t length = header.size();
  write_text(folder / "config.json",
             "{\"quantization_config\": {\"quant_method\": \"" + std::string(method) + "\"" + std::string(more) + "}}");
  write_text(folder / "model.safetensors", std::string(reinterpret_cast<const char*>(&length), sizeof length) +
                                               std::string(header) +
                                               std::string(static_cast<std::size_t>(data_bytes(header)), '\1'));
  expect_errors_only([&] {
    const auto weights = open_weights(folder);
    for (const auto& [name, entry] : weights->entries()) {
      if (!entry.packed || entry.shape.elements() > 4 * kMostBytes) continue;
      expect_errors_only([&, name = name, entry = entry] {
        const PackedTensor packed = weights->packed(name);
        expect(packed.shape == entry.shape, "a weight of the shape it claims");
        Pool pool(Device::cpu);
        unpacked(packed, DType::f32, pool, Category::workspace);
      });
    }
  });
}

}  // namespace eft
