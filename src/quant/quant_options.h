#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "schema/field.h"
#include "tensor/packed_tensor.h"

namespace eft {

enum class FourBitType { nf4, fp4 };

constexpr auto enum_names(FourBitType) {
  return std::array{EnumName{FourBitType::nf4, "nf4"}, EnumName{FourBitType::fp4, "fp4"}};
}

/// Settings of bitsandbytes (Transformers' BitsAndBytesConfig), with the defaults that Axolotl gives them.
struct BnbOptions {
  FourBitType type = FourBitType::nf4;
  bool double_quant = true;
  std::optional<std::string> compute_dtype, storage;
  std::optional<double> threshold;
  bool has_fp16_weight = false;
  std::vector<std::string> skip_modules;

  bool operator==(const BnbOptions&) const = default;
};

template <class Visitor>
void describe(Visitor&& field, BnbOptions& o) {
  field({"bnb_4bit_quant_type", "The codes: nf4 (quantiles of a normal distribution) or fp4."}, o.type);
  field({"bnb_4bit_use_double_quant", "Keep the blocks' scales in 8 bits as well."}, o.double_quant);
  field({"bnb_4bit_compute_dtype", "Without effect: products are made in the run's precision."}, o.compute_dtype);
  field({"bnb_4bit_quant_storage", "Without effect: codes are kept as bytes."}, o.storage);
  field({"llm_int8_threshold", "Without effect: activations are not rounded, so none is an outlier."}, o.threshold);
  field({"llm_int8_has_fp16_weight", "Must stay false: packed weights are frozen."}, o.has_fp16_weight);
  field({"llm_int8_skip_modules", "Modules that stay as they are, by a part of their path between dots."},
        o.skip_modules);
}

/// What of a frozen base is packed while it is loaded.
struct QuantOptions {
  bool four_bits = false;
  bool eight_bits = false;
  BnbOptions bnb;
  bool experts = false;
};

template <class Visitor>
void describe(Visitor&& field, QuantOptions& o) {
  field({"load_in_4bit",
         "Pack the frozen linears into 4 bits while loading, as bitsandbytes does (QLoRA). Needs adapter: qlora."},
        o.four_bits);
  field(
      {"load_in_8bit", "Pack the frozen linears into 8 bits while loading, a scale for each row. Needs adapter: lora."},
      o.eight_bits);
  field({"bnb_config_kwargs", "Settings of load_in_4bit and load_in_8bit."}, o.bnb);
  field({"quantize_moe_experts", "Pack the frozen experts of a mixture as well."}, o.experts);
}

/// How the weights of a model are kept while they are frozen.
struct FrozenStorage {
  Storage linears;
  Storage experts;
  std::vector<std::string> skipped;  ///< parts of module paths that stay as they are
};

FrozenStorage frozen_storage(const QuantOptions& options);

}  // namespace eft
