#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "autograd/weight.h"

namespace eft {

/// What `eft init` fills a fresh parameter with.
enum class Init { normal, ones, zeros };

/// What PEFT puts before the module path of a tensor in an adapter's file.
inline constexpr const char* kPeftPrefix = "base_model.model.";

/// One tensor of a model or adapter. Trainable parameters in bf16 keep an f32 master that the optimizer updates.
struct Parameter {
  std::string name;    ///< in the checkpoint, e.g. "model.layers.0.mlp.up_proj.weight", or in the file of an adapter
  std::string module;  ///< in Transformers' memory, where it may differ (adapters and regular expressions use it)
  Shape shape;
  Init init = Init::normal;
  Category category = Category::weights;
  double clip = 0;  ///< after each update values are held within ±clip; 0: no bound (Gemma 3n's AltUp coefficients)
  bool buffer = false;    ///< saved but never trained (Gemma 4's layer_scalar)
  bool gathered = false;  ///< single rows of it are read, never all (the table of the per-layer embeddings)
  bool mapped = false;    ///< `value` lies in the checkpoint's file
  bool pinned = false;    ///< `value` lies in host memory that the device's kernels read in place
  /// In the checkpoint, where a weight is trained and kept with an adapter (PEFT's modules_to_save).
  std::string source{};
  bool carried = false;  ///< a weight of the base that an adapter's file replaces and keeps, untrained
  bool multiplied = false;  ///< a linear's, which may be kept as codes
  Storage storage{};        ///< how it is kept while it is frozen
  Tensor value{};        ///< none where it is kept packed
  std::shared_ptr<const PackedTensor> packed{};
  Tensor master{};                   ///< f32, or none when `value` itself is exact enough
  std::shared_ptr<GradSlot> grad{};  ///< set when trainable

  bool trainable() const { return grad != nullptr; }
  bool is_adapter() const { return category == Category::adapters; }
  /// The tensor of the checkpoint that it is loaded from; empty for the matrices of an adapter.
  std::string_view loaded_from() const { return is_adapter() ? source : name; }
  /// Makes it a weight that is trained beside adapters and kept in their file.
  void keep_with_adapter();
  Var var() const { return {value, grad}; }
  /// What a linear multiplies by, packed or not.
  Weight weight() const { return packed ? Weight(packed) : Weight(var()); }
  /// What its values take, without a master.
  std::int64_t bytes() const { return packed ? packed->bytes() : value.bytes(); }
  /// The most precise copy there is.
  const Tensor& exact() const { return master ? master : value; }
};

/// All parameters in the order of declaration. Loading, saving, freezing, counting, clipping and optimising walk this
/// list and know no module.
class ParameterStore {
 public:
  ParameterStore() = default;
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  Parameter& add(Parameter parameter);
  /// By checkpoint name or by module name; null when absent.
  Parameter* find(std::string_view name);

  auto begin() { return parameters_.begin(); }
  auto end() { return parameters_.end(); }
  auto begin() const { return parameters_.begin(); }
  auto end() const { return parameters_.end(); }
  std::size_t size() const { return parameters_.size(); }

 private:
  std::deque<Parameter> parameters_;  // addresses stay valid
};

/// Makes a loaded parameter trainable: a gradient slot in the accumulator dtype and, for bf16, an f32 master.
void make_trainable(Parameter& parameter, Pool& pool);

/// Lets go of the memory that weights in mapped files take; what is needed again is read again. All of them, or only
/// the gathered ones, of which a step reads other rows than the one before.
enum class Forget { all, gathered };
void forget_mapped(const ParameterStore& store, Forget which);

/// Elements of all parameters, and of the trainable ones.
struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t trainable = 0;
};
ParameterCount count_parameters(const ParameterStore& store);

}  // namespace eft
