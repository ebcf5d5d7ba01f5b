#pragma once

#include "autograd/tape.h"
#include "nn/parameter.h"

namespace eft {

/// Global norm of the gradients of all parameters; those that got none count as zero. Waits for the device.
double gradient_norm(Context& ctx, const ParameterStore& parameters);

/// Factor that brings a gradient of `norm` down to `max_norm` (torch's clip_grad_norm_); 1 when max_norm is 0.
double clip_factor(double norm, double max_norm);

/// Counts all gradients as empty.
void discard_gradients(ParameterStore& parameters);

}  // namespace eft
