#pragma once

#include <span>

#include "ops/adamw/adamw.h"
#include "ops/state_codes/state_codes.h"

namespace eft {

/// What a step reads and writes of one parameter.
struct Adamw8bitTensors {
  ParameterUpdate parameter;
  CodedState first, second;
};

/// AdamW whose moments are kept in codes: the step uses them as they are before rounding.
struct Adamw8bitKernels {
  /// All parameters at once: a device gets one launch instead of one for each tensor.
  void (*update)(Stream, const AdamwStep&, CodeRounding, std::span<const Adamw8bitTensors> parameters);
};
inline constinit KernelSlot<Adamw8bitKernels> adamw_8bit_kernels{"adamw_8bit"};

}  // namespace eft
