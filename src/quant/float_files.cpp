#include <algorithm>
#include <optional>

#include "base/json.h"
#include "quant/e2m1_blocks.h"
#include "quant/folding.h"
#include "quant/fp8.h"
#include "quant/integer_rows.h"
#include "quant/small_floats.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

std::int64_t elements_of(const Folding& folding, const std::string& name) {
  return folding.files().entry(name).shape.elements();
}

/// Scales in f32, also where they are powers of two in bytes.
Tensor scales_of(const CheckpointFiles& files, const std::string& name) {
  const Tensor stored = files.tensor(name);
  if (files.entry(name).dtype == "U8" || files.entry(name).dtype == "F8_E8M0") {
    Pool pool(Device::cpu);
    Tensor scales(pool, Category::weights, DType::f32, {stored.elements()});
    const auto* const codes = static_cast<const std::uint8_t*>(stored.raw());
    for (std::int64_t i = 0; i < stored.elements(); ++i) scales.data<float>()[i] = e8m0_value(codes[i]);
    return scales;
  }
  return small_floats(stored);
}

/// E4M3 codes at `codes` with scales that have one of the shapes that fp8 knows: of blocks, rows or the whole.
void fold_fp8_weight(Folding& folding, const std::string& weight, const std::string& codes, const std::string& scales,
                     std::array<std::int64_t, 2> block) {
  const Shape shape = folding.take(weight, codes, {"F8_E4M3"}).shape;
  if (shape.rank() != 2 && shape.rank() != 3) {
    folding.refuse(weight, fmt::format("its codes are {}, expected a matrix or one for each expert", to_string(shape)));
  }
  folding.take(weight, scales, {"F32", "BF16", "F16", "U8", "F8_E8M0"});
  const std::int64_t rows = shape[shape.rank() - 2], given = elements_of(folding, scales);
  const std::array<std::int64_t, 2> ways[] = {block, {1, shape.columns()}, {rows, shape.columns()}, {1, 32}};
  const auto way = std::ranges::find_if(
      ways, [&](const auto& one) { return one[0] > 0 && one[1] > 0 && fp8_scales(shape, one).elements() == given; });
  if (way == std::end(ways)) {
    folding.refuse(
        weight, fmt::format("{} has {} scales, expected {}, {} or {}", scales, given,
                            fp8_scales(shape, {128, 128}).elements(), shape.rows(), shape.rank() == 3 ? shape[0] : 1));
  }
  folding.add(weight, {shape, codes, [&files = folding.files(), shape, codes, scales, used = *way] {
                         PackedTensor packed{.format = &fp8, .dtype = DType::f32, .shape = shape};
                         packed.codes = files.tensor(codes);
                         packed.scales = scales_of(files, scales);
                         packed.block = used;
                         return packed;
                       }});
}

/// E2M1 codes, two in a byte: the shape of the values.
Shape shape_of_halves(Folding& folding, const std::string& weight, const std::string& codes) {
  const Shape shape = folding.take(weight, codes, {"U8"}).shape;
  if (shape.rank() == 2) return {shape[0], shape[1] * 2};
  if (shape.rank() == 3) return {shape[0], shape[1], shape[2] * 2};
  folding.refuse(weight, fmt::format("its codes are {}, expected a matrix or one for each expert", to_string(shape)));
}

Shape shape_of_runs(const Shape& shape, std::int64_t run) {
  return shape.rank() == 2 ? Shape{shape[0], shape[1] / run} : Shape{shape[0], shape[1], shape[2] / run};
}

void check_runs(const Folding& folding, const std::string& weight, const Shape& shape, std::int64_t run) {
  if (shape.columns() % run == 0) return;
  folding.refuse(weight, fmt::format("rows of {} values, expected a multiple of {}", shape.columns(), run));
}

void fold_nvfp4_weight(Folding& folding, const PackedFormat& format, const std::string& weight,
                       const std::string& codes, const std::string& outer) {
  const std::string scales = weight + "_scale";
  const Shape shape = shape_of_halves(folding, weight, codes);
  check_runs(folding, weight, shape, kNvRun);
  folding.take(weight, scales, {"F8_E4M3"}, shape_of_runs(shape, kNvRun));
  folding.take(weight, outer, {"F32"});
  const std::int64_t groups = shape.rank() == 3 ? shape[0] : 1, given = elements_of(folding, outer);
  if (given != 1 && given != groups) {
    folding.refuse(weight, fmt::format("{} has {} scales, expected {}", outer, given, groups));
  }
  folding.add(weight, {shape, codes, [&files = folding.files(), &format, shape, codes, scales, outer] {
                         PackedTensor packed{.format = &format, .dtype = DType::f32, .shape = shape};
                         packed.codes = files.tensor(codes);
                         packed.scales = files.tensor(scales);
                         packed.outer_scales = small_floats(files.tensor(outer));
                         packed.block = {1, kNvRun};
                         return packed;
                       }});
}

void fold_mxfp4_weight(Folding& folding, const std::string& weight, const std::string& codes, const Shape& shape,
                       const std::string& scales) {
  check_runs(folding, weight, shape, kMxRun);
  folding.take(weight, scales, {"U8", "F8_E8M0"}, shape_of_runs(shape, kMxRun));
  folding.add(weight, {shape, codes, [&files = folding.files(), shape, codes, scales] {
                         PackedTensor packed{.format = &mxfp4, .dtype = DType::f32, .shape = shape};
                         packed.codes = raw_bytes(files.tensor(codes));
                         packed.scales = files.tensor(scales);
                         packed.block = {1, kMxRun};
                         return packed;
                       }});
}

/// Scales of activations and of the cache, which eft rounds neither.
void leave_all(Folding& folding, std::initializer_list<std::string_view> ends) {
  for (const std::string_view end : ends) {
    for (const std::string& stem : folding.stems(end)) folding.leave(stem + std::string(end));
  }
}

/// "model.layers.0.experts.3.gate_proj.weight" → its prefix up to "experts.", the expert and the rest.
struct OfExpert {
  std::string before;
  std::int64_t expert;
  std::string projection;
};

std::optional<OfExpert> of_expert(const std::string& name) {
  constexpr std::string_view kWord = ".experts.";
  const std::size_t at = name.find(kWord);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t digits = at + kWord.size(), dot = name.find('.', digits);
  if (dot == std::string::npos || dot == digits || dot - digits > 5) return std::nullopt;
  if (!std::all_of(name.begin() + static_cast<std::ptrdiff_t>(digits), name.begin() + static_cast<std::ptrdiff_t>(dot),
                   [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return OfExpert{name.substr(0, digits), std::stoll(name.substr(digits, dot - digits)), name.substr(dot + 1)};
}

/// Tensors of equal columns one below the other, flat.
Tensor joined(const std::vector<Tensor>& parts) {
  std::int64_t elements = 0;
  for (const Tensor& part : parts) elements += part.elements();
  Pool pool(Device::cpu);
  Tensor all(pool, Category::weights, parts[0].dtype(), {elements});
  auto* to = static_cast<char*>(all.raw());
  for (const Tensor& part : parts) to = std::copy_n(static_cast<const char*>(part.raw()), part.bytes(), to);
  return all;
}

/// One weight of packed matrices of the same format and columns, one below the other.
PackedTensor stacked(const std::vector<PackedTensor>& parts, const Shape& shape) {
  PackedTensor all = parts[0];
  all.shape = shape;
  const auto join = [&](Tensor PackedTensor::*member) {
    if (!(parts[0].*member)) return;
    std::vector<Tensor> tensors;
    for (const PackedTensor& part : parts) tensors.push_back(part.*member);
    all.*member = joined(tensors);
  };
  for (const auto member : {&PackedTensor::codes, &PackedTensor::scales, &PackedTensor::outer_scales}) join(member);
  return all;
}

/// Joins the projections of single experts to the two weights that a mixture has.
void fuse_experts(Folding& folding) {
  std::map<std::string, std::map<std::string, std::map<std::int64_t, FoldedWeight>>> found;  // by prefix, projection
  std::vector<std::string> single;
  for (const auto& [name, weight] : folding.folded()) {
    const auto place = of_expert(name);
    if (!place || weight.shape.rank() != 2) continue;
    found[place->before][place->projection][place->expert] = weight;
    single.push_back(name);
  }
  for (const auto& [before, projections] : found) {
    const auto join = [&](const std::vector<std::string>& names, const std::string& fused) {
      std::vector<FoldedWeight> parts;
      const std::string weight = before + fused;
      const auto experts = static_cast<std::int64_t>(projections.begin()->second.size());
      for (std::int64_t e = 0; e < experts; ++e) {
        for (const std::string& name : names) {
          const auto projection = projections.find(name);
          if (projection == projections.end() || !projection->second.contains(e)) {
            folding.refuse(weight, fmt::format("{}{}.{} is missing", before, e, name));
          }
          parts.push_back(projection->second.at(e));
          if (parts.back().shape != parts[0].shape) {
            folding.refuse(weight, fmt::format("{}{}.{} is {}, expected {}", before, e, name,
                                               to_string(parts.back().shape), to_string(parts[0].shape)));
          }
        }
      }
      const Shape& one = parts[0].shape;
      const Shape shape{experts, static_cast<std::int64_t>(names.size()) * one[0], one[1]};
      folding.add(weight, {shape, "", [parts, shape, weight] {
                             std::vector<PackedTensor> read;
                             for (const FoldedWeight& part : parts) read.push_back(part.read());
                             for (const PackedTensor& part : read) {
                               if (part.format != read[0].format || part.block != read[0].block) {
                                 throw ConfigError("{}: its experts are packed in different ways", weight);
                               }
                             }
                             return stacked(read, shape);
                           }});
    };
    join({"gate_proj.weight", "up_proj.weight"}, "gate_up_proj");
    join({"down_proj.weight"}, "down_proj");
  }
  for (const std::string& name : single) folding.drop(name);
}

}  // namespace

void fold_fp8(Folding& folding, const Json& config) {
  std::array<std::int64_t, 2> block{128, 128};
  if (const auto given = config.find("weight_block_size"); given != config.end() && given->is_array()) {
    const auto side = [&](std::size_t i) -> std::int64_t {
      const bool good = given->size() == 2 && (*given)[i].is_number_integer() && (*given)[i].get<double>() >= 1 &&
                        (*given)[i].get<double>() <= 1 << 20;
      if (!good) throw ConfigError("quantization_config: weight_block_size: {}, expected two sizes", brief(*given));
      return (*given)[i].get<std::int64_t>();
    };
    block = {side(0), side(1)};
  }
  leave_all(folding, {".activation_scale", ".input_scale", "_activation_scale"});
  for (const std::string& stem : folding.stems("_scale_inv")) {
    fold_fp8_weight(folding, stem, stem, stem + "_scale_inv", block);
  }
  fuse_experts(folding);
}

void fold_compressed_tensors(Folding& folding, const Json& /*config*/) {
  leave_all(folding, {".input_scale", ".input_global_scale", ".k_scale", ".v_scale", ".q_scale"});
  for (const std::string& module : folding.stems(".weight_packed")) {
    const std::string weight = module + ".weight", codes = module + ".weight_packed";
    if (folding.dtype(codes) == "U8" && folding.has(module + ".weight_global_scale")) {
      fold_nvfp4_weight(folding, nvfp4_divided, weight, codes, module + ".weight_global_scale");
    } else if (folding.dtype(codes) == "U8") {
      fold_mxfp4_weight(folding, weight, codes, shape_of_halves(folding, weight, codes), module + ".weight_scale");
    } else {
      folding.refuse(weight, fmt::format("{} is {}, expected U8: of the packed kinds nvfp4 and mxfp4 are read", codes,
                                         folding.dtype(codes)));
    }
  }
  for (const std::string& module : folding.stems(".weight_scale")) {
    fold_fp8_weight(folding, module + ".weight", module + ".weight", module + ".weight_scale", {0, 0});
  }
  fuse_experts(folding);
}

void fold_modelopt(Folding& folding, const Json& /*config*/) {
  leave_all(folding, {".input_scale", "_input_scale", ".k_scale", ".v_scale"});
  for (const std::string& weight : folding.stems("_scale_2")) {
    fold_nvfp4_weight(folding, nvfp4, weight, weight, weight + "_scale_2");
  }
  for (const std::string& module : folding.stems(".weight_scale")) {
    fold_fp8_weight(folding, module + ".weight", module + ".weight", module + ".weight_scale", {0, 0});
  }
  fuse_experts(folding);
}

void fold_mxfp4(Folding& folding, const Json& /*config*/) {
  for (const std::string& weight : folding.stems("_blocks")) {
    const std::string codes = weight + "_blocks";
    const Shape shape = folding.take(weight, codes, {"U8"}).shape;
    if ((shape.rank() != 3 && shape.rank() != 4) || shape[shape.rank() - 1] != kMxRun / 2) {
      folding.refuse(weight, fmt::format("{} is {}, expected […, {}]", codes, to_string(shape), kMxRun / 2));
    }
    const Shape values =
        shape.rank() == 3 ? Shape{shape[0], shape[1] * kMxRun} : Shape{shape[0], shape[1], shape[2] * kMxRun};
    fold_mxfp4_weight(folding, weight, codes, values, weight + "_scales");
  }
}

}  // namespace eft
