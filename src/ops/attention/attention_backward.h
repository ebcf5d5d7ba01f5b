#pragma once

#include <span>

#include "ops/attention/attention.h"

namespace eft {

/// Bytes of workspace that attention_backward needs; they grow with the keys, not with their square.
std::int64_t attention_backward_bytes(DType dtype, const Shape& q, const Shape& k);

/// The backward kernel on the CPU, see AttentionKernels. Sums run in an order that no number of threads changes.
void attention_backward(Stream, AttentionOptions options, std::span<const AttentionSegment> segments, ConstView q,
                        ConstView k, ConstView v, ConstView out, ConstView lse, ConstView dout, GradView dq,
                        GradView dk, GradView dv, View workspace);

}  // namespace eft
