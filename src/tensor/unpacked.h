#pragma once

#include "tensor/weight_view.h"

namespace eft {

/// All values of a packed weight on the host into `to`, which has their shape, in f64, f32 or bf16.
void unpack_all(const WeightView& weight, View to);

/// The same as a tensor of `dtype`.
Tensor unpacked(const PackedTensor& packed, DType dtype, Pool& pool, Category category);

}  // namespace eft
