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
#include "train/optimizers/parameter_groups.h"

namespace eft {

/// How gradients change the trainable parameters of a store. A kind of optimizer keeps its state in tensors from the
/// pool, by the place of a parameter in `members`, and says how one step changes a parameter and its state.
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
  /// The groups that it was made with.
  const std::vector<ParameterGroup>& groups() const { return groups_; }

  /// All that a checkpoint has to keep, under names that begin with a word of the optimizer's: "first.NAME". Parameters
  /// that have not had a gradient have none.
  NamedTensors state() const;
  /// Takes up the state that a run of `steps` updates wrote. Throws FileError when it is of other parameters.
  virtual void restore(const Safetensors& file, std::int64_t steps);

  /// Puts the values that are the result so far into the parameters, for what looks at them between steps. With most
  /// optimizers they are there anyway.
  virtual void show_result() {}
  /// Puts the values back that the next gradient is taken at.
  virtual void show_training(Stream) {}

 protected:
  /// A trainable parameter and how it is updated.
  struct Member {
    Parameter* parameter;
    double rate_factor;
    double weight_decay;
    bool begun = false;  ///< whether it has had a gradient
  };
  /// A member that got a gradient: its place in `members` and what a kernel needs of it.
  struct Reached {
    std::size_t member;
    ParameterUpdate update;
    bool first;  ///< of its gradients
  };

  explicit Optimizer(std::vector<ParameterGroup> groups);
  /// The update of one step; runs no kernel on meta.
  virtual void update(Context& ctx, std::span<const Reached> reached, double gradient_scale) = 0;
  /// The tensors that a member keeps, by the optimizer's word for them: "first".
  virtual NamedTensors state_of(std::size_t member) const = 0;

  const std::vector<Member>& members() const { return members_; }
  const Shape& shape_of(std::size_t member) const { return members_[member].parameter->shape; }
  /// The gradient of a member, which an update may overwrite.
  View gradient_of(std::size_t member) const { return members_[member].parameter->grad->tensor.view(); }
  /// A zero for each element of each member, in the dtype of its gradient.
  std::vector<Tensor> zeros(Pool& pool) const;

 private:
  std::vector<ParameterGroup> groups_;
  std::vector<Member> members_;
  std::int64_t steps_ = 0;
};

/// While it lives, the parameters hold the result so far.
class ShownResult {
 public:
  explicit ShownResult(Optimizer& optimizer) : optimizer_(optimizer) { optimizer_.show_result(); }
  ~ShownResult() { optimizer_.show_training({}); }
  ShownResult(const ShownResult&) = delete;
  ShownResult& operator=(const ShownResult&) = delete;

 private:
  Optimizer& optimizer_;
};

/// The optimizer that the options name, of the groups that they make. `peak`: the schedule's largest learning rate.
std::unique_ptr<Optimizer> make_optimizer(ParameterStore& store, Pool& pool, const OptimizerOptions& options,
                                          double peak);

}  // namespace eft
