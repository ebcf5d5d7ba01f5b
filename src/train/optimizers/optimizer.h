#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autograd/tape.h"
#include "nn/parameter.h"
#include "tensor/safetensors.h"

namespace eft {

struct AdamwOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;
  bool decay_norms = true;  ///< false: weights of norms have no weight decay, as with Transformers' trainer
};

/// Whether a parameter belongs to a norm (or is a bias), by the names that Transformers' trainer goes by.
bool is_norm(std::string_view name);

/// AdamW over the trainable parameters of a store, as torch.optim.AdamW. Moments are kept in the gradients' dtype.
class Adamw {
 public:
  Adamw(ParameterStore& store, Pool& pool, AdamwOptions options);

  /// Global norm of all gradients; parameters that got none count as zero.
  double gradient_norm(Context& ctx) const;
  /// One update from the gradients times `gradient_scale`, after which the gradients count as empty.
  void step(Context& ctx, double learning_rate, double gradient_scale);
  /// Counts all gradients as empty without an update.
  void discard_gradients();
  /// Updates made so far.
  std::int64_t steps() const { return steps_; }

  /// The moments as "first.NAME" and "second.NAME".
  NamedTensors state() const;
  /// Takes up the state that a run of `steps` updates wrote. Throws FileError when it is of other parameters.
  void restore(const Safetensors& file, std::int64_t steps);

 private:
  struct State {
    Parameter* parameter;
    Tensor first, second;
    bool decays;
  };
  std::vector<State> states_;
  AdamwOptions options_;
  std::int64_t steps_ = 0;
};

/// Factor that brings a gradient of `norm` down to `max_norm` (torch's clip_grad_norm_); 1 when max_norm is 0.
double clip_factor(double norm, double max_norm);

}  // namespace eft
