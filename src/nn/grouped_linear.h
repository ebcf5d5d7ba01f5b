#pragma once

#include <optional>
#include <string_view>

#include "autograd/tape.h"
#include "nn/scope.h"

namespace eft {

/// A low-rank adapter beside the linears of a group, all of one rank, in the layouts in which PEFT stores adapters of
/// parameters.
class GroupedLora {
 public:
  /// a: [groups·rank, in] and b: [out, rank·groups] at `s`; `weight` is the shape [groups, out, in].
  GroupedLora(const Scope& s, const Shape& weight, LoraSettings settings);
  /// base + the adapter's term; `base` must not be used afterwards.
  Var add_to(Context& ctx, Var base, const Var& x, const Tensor& offsets) const;

 private:
  LoraSettings settings_;
  Parameter* a_;
  Parameter* b_;
};

/// A linear without bias for each group of rows, with an adapter where the policy gives its parameter one.
class GroupedLinear {
 public:
  /// weight: [groups, out, in] at `s` / name; its adapter, if any, at `adapter`.
  GroupedLinear(const Scope& s, std::string_view name, Shape weight, const Scope& adapter);
  /// x: [rows, in], rows sorted by group; offsets as in grouped_linear.
  Var operator()(Context& ctx, const Var& x, const Tensor& offsets) const;
  bool adapted() const { return lora_.has_value(); }

 private:
  Parameter* weight_;
  std::optional<GroupedLora> lora_;
};

}  // namespace eft
