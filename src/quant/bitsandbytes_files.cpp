#include <cmath>

#include "base/json.h"
#include "quant/bnb_4bit.h"
#include "quant/folding.h"
#include "quant/int8_rows.h"

namespace eft {
namespace {

constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

/// What bitsandbytes writes about one weight in four bits.
struct State {
  DType dtype = DType::f32;
  Shape shape;
  std::int64_t block = kBnbBlock;
  bool nested = false;
  float offset = 0;

  std::int64_t blocks() const { return (shape.elements() + block - 1) / block; }
};

DType dtype_named(const Folding& folding, const std::string& weight, const std::string& name) {
  if (name == "float32") return DType::f32;
  if (name == "bfloat16") return DType::bf16;
  if (name == "float16") return DType::f16;
  folding.refuse(weight, fmt::format("dtype {}, expected float32, bfloat16 or float16", name));
}

Shape shape_of(const Folding& folding, const std::string& weight, const JsonKeys<ConfigError>& keys) {
  const auto* const sizes = keys.find("shape");
  const auto good = [](const nlohmann::ordered_json& size) {
    return size.is_number_integer() && size.get<double>() >= 1 && size.get<double>() < kMostElements;
  };
  if (sizes == nullptr || !sizes->is_array() || sizes->size() < 2 || sizes->size() > 3 ||
      !std::ranges::all_of(*sizes, good)) {
    folding.refuse(weight, "its state has no shape of two or three positive sizes");
  }
  const auto size = [&](std::size_t i) { return (*sizes)[i].get<std::int64_t>(); };
  double elements = 1;
  for (std::size_t i = 0; i < sizes->size(); ++i) elements *= static_cast<double>(size(i));
  if (elements > kMostElements) folding.refuse(weight, "its state claims too many values");
  return sizes->size() == 2 ? Shape{size(0), size(1)} : Shape{size(0), size(1), size(2)};
}

State read_state(Folding& folding, const std::string& weight, const PackedFormat& format, const std::string& name) {
  const auto& entry = folding.take(weight, name, {"U8"});
  constexpr std::uint64_t kMostBytes = 1 << 16;
  if (entry.end - entry.begin > kMostBytes) folding.refuse(weight, fmt::format("{} is too long", name));
  const Tensor bytes = folding.files().tensor(name);
  const ParsedJson parsed =
      parse_json({static_cast<const char*>(bytes.raw()), static_cast<std::size_t>(bytes.bytes())});
  if (!parsed.fault.empty() || !parsed.value.is_object()) {
    folding.refuse(weight,
                   fmt::format("{} is no JSON object{}{}", name, parsed.fault.empty() ? "" : ": ", parsed.fault));
  }
  const JsonKeys<ConfigError> keys(parsed.value, name);
  State state;
  if (keys.string("quant_type", "") != format.name) {
    folding.refuse(weight,
                   fmt::format("quant_type {}, expected {}", keys.string("quant_type", "missing"), format.name));
  }
  state.dtype = dtype_named(folding, weight, keys.string("dtype", "missing"));
  state.shape = shape_of(folding, weight, keys);
  state.block = keys.integer("blocksize");
  if (state.block < 2 || state.block > 4096 || state.block % 2 != 0) {
    folding.refuse(weight, fmt::format("blocksize {}, expected an even number of at most 4096", state.block));
  }
  state.nested = keys.find("nested_blocksize") != nullptr;
  if (!state.nested) return state;
  if (keys.integer("nested_blocksize") != kBnbScaleBlock) {
    folding.refuse(weight,
                   fmt::format("nested_blocksize {}, expected {}", keys.integer("nested_blocksize"), kBnbScaleBlock));
  }
  state.offset = static_cast<float>(keys.number("nested_offset"));
  if (!std::isfinite(state.offset)) folding.refuse(weight, "nested_offset is not finite");
  return state;
}

/// The 16 values stand in the format's file; those in the checkpoint must be the same.
void check_code_book(const Folding& folding, const std::string& weight, const PackedFormat& format) {
  const Tensor book = folding.files().tensor(weight + ".quant_map");
  if (!std::ranges::equal(std::span(book.data<float>(), 16), code_book(format))) {
    folding.refuse(weight, fmt::format("{}.quant_map does not hold the values of {}", weight, format.name));
  }
}

void fold_four_bits(Folding& folding, const PackedFormat& format, const std::string& end) {
  for (const std::string& weight : folding.stems(end)) {
    const State state = read_state(folding, weight, format, weight + end);
    const std::int64_t bytes = (state.shape.elements() + 1) / 2;
    const auto& codes = folding.take(weight, weight, {"U8", "BF16", "F16", "F32"});
    const auto stored = static_cast<std::int64_t>(codes.end - codes.begin);
    if (stored < bytes || stored >= bytes + 4) {
      folding.refuse(weight,
                     fmt::format("{} bytes of codes, expected {} for {}", stored, bytes, to_string(state.shape)));
    }
    folding.take(weight, weight + ".quant_map", {"F32"}, {16});
    check_code_book(folding, weight, format);
    folding.take(weight, weight + ".absmax", {state.nested ? "U8" : "F32"}, {state.blocks()});
    if (state.nested) {
      const std::int64_t outer = (state.blocks() + kBnbScaleBlock - 1) / kBnbScaleBlock;
      folding.take(weight, weight + ".nested_absmax", {"F32"}, {outer});
      folding.take(weight, weight + ".nested_quant_map", {"F32"}, {256});
    }
    folding.add(weight, {state.shape, weight, [&files = folding.files(), &format, weight, state] {
                           PackedTensor packed{.format = &format, .dtype = state.dtype, .shape = state.shape};
                           packed.codes = raw_bytes(files.tensor(weight));
                           packed.scales = files.tensor(weight + ".absmax");
                           packed.block = {1, state.block};
                           if (!state.nested) return packed;
                           packed.outer_scales = files.tensor(weight + ".nested_absmax");
                           packed.book = files.tensor(weight + ".nested_quant_map");
                           packed.offset = state.offset;
                           return packed;
                         }});
  }
}

void fold_eight_bits(Folding& folding) {
  for (const std::string& module : folding.stems(".SCB")) {
    const std::string weight = module + ".weight";
    const Shape shape = folding.take(weight, weight, {"I8"}).shape;
    if (shape.rank() < 2) folding.refuse(weight, fmt::format("its codes are {}, expected a matrix", to_string(shape)));
    folding.take(weight, module + ".SCB", {"F32"}, {shape.rows()});
    if (folding.has(module + ".weight_format")) {
      folding.take(weight, module + ".weight_format", {"U8"});
      if (folding.files().entry(module + ".weight_format").shape.elements() != 1 ||
          *static_cast<const std::uint8_t*>(folding.files().tensor(module + ".weight_format").raw()) != 0) {
        folding.refuse(weight, "weight_format is not 0, codes row by row");
      }
    }
    folding.add(weight, {shape, weight, [&files = folding.files(), module, weight, shape] {
                           PackedTensor packed{.format = &int8_rows, .dtype = DType::f32, .shape = shape};
                           packed.codes = files.tensor(weight);
                           packed.scales = files.tensor(module + ".SCB");
                           packed.block = {1, shape.columns()};
                           return packed;
                         }});
  }
}

}  // namespace

void fold_bitsandbytes(Folding& folding, const nlohmann::ordered_json& /*config*/) {
  fold_four_bits(folding, nf4, ".quant_state.bitsandbytes__nf4");
  fold_four_bits(folding, fp4, ".quant_state.bitsandbytes__fp4");
  fold_eight_bits(folding);
  // What is left without its state.
  for (const char* end : {".absmax", ".quant_map", ".nested_absmax", ".nested_quant_map"}) {
    const auto left = folding.stems(end);
    if (!left.empty())
      folding.refuse(left[0], fmt::format("{0}.quant_state.bitsandbytes__nf4 (or __fp4) is missing", left[0]));
  }
}

}  // namespace eft
