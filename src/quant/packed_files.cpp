#include "quant/packed_files.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "quant/bnb_4bit.h"
#include "quant/fp8.h"
#include "quant/int8_rows.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStateBytes = 320;  // the text of a state, filled up with blanks: its numbers come with the codes

/// A weight that is packed when the first of its tensors is asked for, and let go after the last.
class Packing {
 public:
  Packing(const Storage& storage, DType dtype, std::function<Tensor()> values)
      : storage_(storage), dtype_(dtype), values_(std::move(values)) {}

  void expect_use() { ++left_; }
  PackedTensor use() {
    if (!packed_) packed_ = pack(values_(), storage_, dtype_, pool_, Category::workspace);
    PackedTensor packed = *packed_;
    if (--left_ == 0) packed_.reset();
    return packed;
  }

 private:
  Storage storage_;
  DType dtype_;
  std::function<Tensor()> values_;
  Pool pool_{Device::cpu};
  std::optional<PackedTensor> packed_;
  int left_ = 0;
};

using SharedPacking = std::shared_ptr<Packing>;

TensorSource source(const SharedPacking& packing, const std::string& name, DType dtype, const Shape& shape,
                    std::function<Tensor(const PackedTensor&)> part, const char* spelling = "") {
  packing->expect_use();
  return {.name = name,
          .dtype = dtype,
          .shape = shape,
          .make = [packing, shape, part] { return part(packing->use()).reshape(shape); },
          .part = {},
          .spelling = spelling};
}

/// A table that all weights have.
template <class Values>
TensorSource table(const std::string& name, const Values& values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return {.name = name, .dtype = DType::f32, .shape = {size}, .make = [&values, size] {
            Pool pool(Device::cpu);
            Tensor copy(pool, Category::workspace, DType::f32, {size});
            std::ranges::copy(values, copy.data<float>());
            return copy;
          }};
}

Tensor text_tensor(std::string text) {
  expect(text.size() <= kStateBytes, "room for a state");
  text.resize(kStateBytes, ' ');
  Pool pool(Device::cpu);
  Tensor bytes(pool, Category::workspace, DType::u8, {static_cast<std::int64_t>(text.size())});
  std::ranges::copy(text, static_cast<char*>(bytes.raw()));
  return bytes;
}

const char* torch_name(DType dtype) { return dtype == DType::bf16 ? "bfloat16" : "float32"; }

Tensor state_of(const PackedTensor& packed) {
  const auto extents = packed.shape.extents();
  Json state{{"quant_type", packed.format->name},
             {"blocksize", packed.block[1]},
             {"dtype", torch_name(packed.dtype)},
             {"shape", std::vector<std::int64_t>(extents.begin(), extents.end())}};
  if (packed.book) {
    state["nested_blocksize"] = kBnbScaleBlock;
    state["nested_dtype"] = "float32";
    state["nested_offset"] = packed.offset;
  }
  return text_tensor(state.dump());
}

TensorSources four_bit_files(const std::string& name, const Shape& shape, const Storage& storage,
                             const SharedPacking& packing) {
  const std::int64_t blocks = (shape.elements() + kBnbBlock - 1) / kBnbBlock;
  const std::int64_t outer = (blocks + kBnbScaleBlock - 1) / kBnbScaleBlock;
  const DType scales = storage.pack_scales ? DType::u8 : DType::f32;
  TensorSources files;
  files.push_back(
      source(packing, name, DType::u8, {(shape.elements() + 1) / 2, 1}, [](const PackedTensor& p) { return p.codes; }));
  files.push_back(source(packing, name + ".absmax", scales, {blocks}, [](const PackedTensor& p) { return p.scales; }));
  if (storage.pack_scales) {
    files.push_back(source(packing, name + ".nested_absmax", DType::f32, {outer},
                           [](const PackedTensor& p) { return p.outer_scales; }));
    files.push_back(table(name + ".nested_quant_map", scale_book()));
  }
  files.push_back(table(name + ".quant_map", code_book(*storage.format)));
  files.push_back(source(packing, name + ".quant_state.bitsandbytes__" + std::string(storage.format->name), DType::u8,
                         {kStateBytes}, state_of));
  return files;
}

}  // namespace

const std::vector<WrittenFormat>& written_formats() {
  static const std::vector<WrittenFormat> formats{
      {"nf4", {&nf4, true}}, {"fp4", {&fp4, true}}, {"int8", {&int8_rows, false}}, {"fp8", {&fp8, false}}};
  return formats;
}

bool is_writable(const Storage& storage, const Shape& shape) {
  if (shape.rank() != 2) return false;
  return storage.format != &fp8 || (shape[0] % 128 == 0 && shape[1] % 128 == 0);  // as Transformers has it
}

TensorSources packed_files(const std::string& name, const Shape& shape, const Storage& storage, DType dtype,
                           std::function<Tensor()> values) {
  const auto packing = std::make_shared<Packing>(storage, dtype, std::move(values));
  const auto codes = [](const PackedTensor& p) { return p.codes; };
  const auto scales = [](const PackedTensor& p) { return p.scales; };
  if (storage.format == &int8_rows) {
    const std::string module = name.substr(0, name.rfind('.'));
    const auto by_rows = [](const PackedTensor&) {
      Pool pool(Device::cpu);
      Tensor zero_byte(pool, Category::workspace, DType::u8, {1});
      zero(zero_byte);
      return zero_byte;
    };
    return {source(packing, name, DType::u8, shape, codes, "I8"),
            source(packing, module + ".SCB", DType::f32, {shape[0]}, scales),
            source(packing, module + ".weight_format", DType::u8, {}, by_rows)};
  }
  if (storage.format == &fp8) {
    return {source(packing, name, DType::u8, shape, codes, "F8_E4M3"),
            source(packing, name + "_scale_inv", DType::f32, fp8_scales(shape, {128, 128}), scales)};
  }
  return four_bit_files(name, shape, storage, packing);
}

Json quantization_config(const Storage& storage, const std::vector<std::string>& dense) {
  if (storage.format == &fp8) {
    return {{"quant_method", "fp8"},
            {"activation_scheme", "dynamic"},
            {"weight_block_size", {128, 128}},
            {"modules_to_not_convert", dense}};
  }
  const bool four = storage.format != &int8_rows;
  Json config{{"quant_method", "bitsandbytes"}, {"load_in_4bit", four}, {"load_in_8bit", !four}};
  if (four) {
    config["bnb_4bit_quant_type"] = storage.format->name;
    config["bnb_4bit_use_double_quant"] = storage.pack_scales;
    config["bnb_4bit_compute_dtype"] = "bfloat16";
    config["bnb_4bit_quant_storage"] = "uint8";
  }
  config["llm_int8_skip_modules"] = dense;
  return config;
}

}  // namespace eft
