#pragma once

#include <optional>

#include "autograd/tape.h"
#include "nn/scope.h"

namespace eft {

/// A low-rank adapter beside a linear: scale·B·A·dropout(x). Named lora_A and lora_B, as PEFT stores them.
class Lora {
 public:
  /// a: [rank, in], b: [out, rank].
  Lora(const Scope& s, std::int64_t in, std::int64_t out, LoraSettings settings);
  /// base + the adapter's term; `base` must not be used afterwards.
  Var add_to(Context& ctx, Var base, const Var& x) const;
  /// x·Wᵀ and the adapter's term. weight: [out, in].
  Var linear_with(Context& ctx, const Var& x, const Weight& weight) const;

 private:
  LoraSettings settings_;
  Parameter* a_;
  Parameter* b_;
};

struct LinearOptions {
  bool bias = false;
  bool bias_trains = true;  ///< false: it gets no gradient, where that is zero in exact arithmetic
};

/// y = x·Wᵀ, perhaps plus a bias, with an adapter where the policy gives it one.
class Linear {
 public:
  /// weight: [out, in] at `s` / "weight"; bias: [out] at `s` / "bias".
  Linear(const Scope& s, std::int64_t in, std::int64_t out, LinearOptions options = {});
  /// x: […, in] to […, out].
  Var operator()(Context& ctx, const Var& x) const;
  /// The same, without a bias, where only those elements of y are read, and get a gradient, where the pattern [rows,
  /// out] is not zero; the others may be anything.
  Var to_pattern(Context& ctx, const Var& x, const Var& pattern) const;
  /// The same for an x that is zero where the pattern [rows, in] is, and needs no gradient there.
  Var from_pattern(Context& ctx, const Var& x, const Var& pattern) const;
  /// Where the weight stands in the store.
  Parameter& weight() const { return *weight_; }

 private:
  Var adapted(Context& ctx, Var base, const Var& x) const;

  Parameter* weight_;
  Parameter* bias_ = nullptr;
  bool bias_trains_;
  std::optional<Lora> lora_;
};

}  // namespace eft
