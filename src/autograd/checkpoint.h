#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "autograd/tape.h"

namespace eft {

/// A part of a forward pass as a function of its inputs.
using Segment = std::function<std::vector<Var>(Context&, const std::vector<Var>& inputs)>;

/// Runs `segment` without saving anything inside it; the backward pass runs it again with the same inputs and the same
/// dropout and differentiates that. Bit-equal to running it plainly. Everything the segment shares with others must be
/// an input or an output (keys and values of a donor layer, for one).
std::vector<Var> checkpoint(Context& ctx, std::vector<Var> inputs, Segment segment);

/// A block of a model: `checkpoint` when the context asks for recomputation, else the segment itself.
inline std::vector<Var> block(Context& ctx, std::vector<Var> inputs, const Segment& segment) {
  return ctx.recompute ? checkpoint(ctx, std::move(inputs), segment) : segment(ctx, inputs);
}

}  // namespace eft
