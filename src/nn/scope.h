#pragma once

#include <string>
#include <string_view>

#include "nn/linear_policy.h"
#include "nn/parameter.h"

namespace eft {

/// Where a module is built: knows the path in the checkpoint, the path in Transformers' memory, the store that the
/// parameters go to, and the policy that decides how a linear is held. `s / "layers" / 3 / "mlp"` is the path.
class Scope {
 public:
  Scope(ParameterStore& store, LinearPolicy& policy, std::string path, std::string module)
      : store_(&store), policy_(&policy), path_(std::move(path)), module_(std::move(module)) {}

  Scope operator/(std::string_view name) const { return {*store_, *policy_, join(path_, name), join(module_, name)}; }
  Scope operator/(std::int64_t index) const { return *this / std::to_string(index); }

  /// Declares the parameter `name` here. The reference stays valid.
  Parameter& parameter(std::string_view name, Shape shape, Init init = Init::normal) const {
    Parameter made{.name = join(path_, name), .module = join(module_, name), .shape = shape, .init = init};
    if (policy_->saves(made.module)) made.keep_with_adapter();
    return store_->add(std::move(made));
  }
  /// Declares the weight of a linear, which the policy may have packed while it is frozen.
  Parameter& weight(std::string_view name, Shape shape) const {
    Parameter& made = parameter(name, std::move(shape));
    made.multiplied = true;
    if (!made.is_adapter()) made.storage = policy_->storage(made.module);
    return made;
  }
  /// Declares a tensor that is saved with the model but never trained.
  Parameter& buffer(std::string_view name, Shape shape, Init init) const {
    return store_->add(
        {.name = join(path_, name), .module = join(module_, name), .shape = shape, .init = init, .buffer = true});
  }

  ParameterStore& store() const { return *store_; }
  LinearPolicy& policy() const { return *policy_; }
  const std::string& path() const { return path_; }
  const std::string& module() const { return module_; }

 private:
  static std::string join(const std::string& path, std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  }

  ParameterStore* store_;
  LinearPolicy* policy_;
  std::string path_;
  std::string module_;
};

}  // namespace eft
