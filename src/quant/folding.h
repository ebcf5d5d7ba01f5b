#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/packed_tensor.h"
#include "tensor/safetensors.h"

namespace eft {

/// A weight that several tensors of a checkpoint make up.
struct FoldedWeight {
  Shape shape;
  std::string codes;  ///< the tensor with the codes
  std::function<PackedTensor()> read;
};

/// The tensors of a checkpoint while a layout takes those that belong together. What is left are weights by themselves.
class Folding {
 public:
  /// `format`: what errors call the layout.
  Folding(const CheckpointFiles& files, std::string format) : files_(files), format_(std::move(format)) {}

  const CheckpointFiles& files() const { return files_; }
  /// Names that end so and are not taken, without that end.
  std::vector<std::string> stems(std::string_view end) const;
  bool has(const std::string& name) const { return files_.contains(name); }
  /// The file's dtype of a tensor, as safetensors spells it; empty where there is none.
  std::string dtype(const std::string& name) const;

  /// Takes a tensor for `weight`. Throws ConfigError unless it is there with one of the dtypes and this shape.
  const Safetensors::Entry& take(const std::string& weight, const std::string& name,
                                 std::initializer_list<std::string_view> dtypes, const Shape& shape);
  /// The same for any shape, which the caller checks.
  const Safetensors::Entry& take(const std::string& weight, const std::string& name,
                                 std::initializer_list<std::string_view> dtypes);
  /// Takes a tensor that is not needed, if it is there.
  void leave(const std::string& name);
  void add(const std::string& weight, FoldedWeight folded) { folded_[weight] = std::move(folded); }
  /// Forgets a folded weight that has become a part of another.
  void drop(const std::string& weight) { folded_.erase(weight); }
  /// Throws ConfigError that begins with the folder's file, the format and the weight.
  [[noreturn]] void refuse(const std::string& weight, const std::string& fault) const;

  const std::set<std::string>& taken() const { return taken_; }
  const std::map<std::string, FoldedWeight>& folded() const { return folded_; }

 private:
  const CheckpointFiles& files_;
  std::string format_;
  std::set<std::string> taken_;
  std::map<std::string, FoldedWeight> folded_;
};

/// The bytes of a tensor of any dtype, flat.
Tensor raw_bytes(const Tensor& tensor);
/// A few numbers (scales) in f32, whatever float they are stored as.
Tensor small_floats(const Tensor& tensor);

/// One way in which checkpoints hold packed weights. `config`: their quantization_config. Throws ConfigError.
struct QuantLayout {
  const char* quant_method;
  void (*fold)(Folding& folding, const nlohmann::ordered_json& config);
};

void fold_bitsandbytes(Folding& folding, const nlohmann::ordered_json& config);
void fold_fp8(Folding& folding, const nlohmann::ordered_json& config);
void fold_compressed_tensors(Folding& folding, const nlohmann::ordered_json& config);
void fold_modelopt(Folding& folding, const nlohmann::ordered_json& config);
void fold_mxfp4(Folding& folding, const nlohmann::ordered_json& config);
void fold_gemma(Folding& folding, const nlohmann::ordered_json& config);

}  // namespace eft
