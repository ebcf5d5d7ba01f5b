#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "autograd/tape.h"
#include "nn/parameter.h"
#include "ops/parameter_update/parameter_update.h"
#include "tensor/safetensors.h"
#include "train/optimizers/update_rule.h"

namespace eft {

/// How gradients change the trainable parameters of a store. A kind of optimizer keeps its state in tensors from the
/// pool, one list in the order of `members`, and says how one step changes a parameter and its state.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// What a checkpoint calls it: "adamw".
  virtual std::string_view kind() const = 0;
  /// One update from the gradients times `gradient_scale`, after which the gradients count as empty. Parameters that
  /// got none stay as they are.
  void step(Context& ctx, double learning_rate, double gradient_scale);
  /// Updates made so far.
  std::int64_t steps() const { return steps_; }

  /// All that a checkpoint has to keep, under names that begin with a word of the optimizer's: "first.NAME".
  virtual NamedTensors state() const = 0;
  /// Takes up the state that a run of `steps` updates wrote. Throws FileError when it is of other parameters.
  virtual void restore(const Safetensors& file, std::int64_t steps);

 protected:
  /// A trainable parameter and the rule it is updated by.
  struct Member {
    Parameter* parameter;
    UpdateRule rule;
  };
  /// A member that got a gradient: its place in `members` and what a kernel needs of it.
  struct Reached {
    std::size_t member;
    ParameterUpdate update;
  };

  Optimizer(ParameterStore& store, const OptimizerOptions& options);
  /// The update of one step; runs no kernel on meta.
  virtual void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) = 0;

  const std::vector<Member>& members() const { return members_; }
  /// A zero for each element of each member, in the dtype of its gradient.
  std::vector<Tensor> zeros(Pool& pool) const;

 private:
  std::vector<Member> members_;
  std::int64_t steps_ = 0;
};

/// The optimizer that the options name.
std::unique_ptr<Optimizer> make_optimizer(ParameterStore& store, Pool& pool, const OptimizerOptions& options);

}  // namespace eft
