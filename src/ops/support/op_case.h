#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"

namespace eft {

/// One random input of an op case: standard normal, moved away from zero by `gap`, times `scale` plus `shift`.
struct OpInput {
  Shape shape;
  bool wants_grad = true;
  double scale = 1.0;
  double shift = 0.0;
  bool parameter = false;  ///< gradient kept in f32 even when the value is bf16, as for weights
  double gap = 0.0;        ///< no value is nearer to `shift` than gap · scale, for ops that decide there
};

/// One description of a call of an op. It serves the gradient ring (f64 against central differences), the parity rings
/// (f32 and bf16 against f64, other devices against CPU), the benchmarks, and the check that every slot has a case.
struct OpCase {
  std::string name;  ///< "rms_norm/odd_width"
  std::string slot;  ///< the kernel slot it covers
  std::vector<OpInput> inputs;
  /// Calls the op; each result takes part in the loss with random weights.
  std::function<std::vector<Var>(Context&, std::span<const Var> inputs)> run;
  /// Whether f32 and bf16 runs can be compared with f64 (false where rounding changes a decision, as in a top-k).
  bool smooth = true;
};

/// Registers a case at start-up; returns true. Cases live in the op's *_test.cpp.
bool add_op_case(OpCase op_case);
const std::vector<OpCase>& op_cases();

/// Values of type i32 where the context's device reads them, for the run of a case.
Tensor integers(Context& ctx, const std::vector<std::int32_t>& values);

}  // namespace eft
