#pragma once

#include <string>

#include "tensor/dtype.h"

namespace eft {

/// How matrix products of `dtype` are computed on this processor, for the report of a run.
std::string product_kernel_name(DType dtype);

/// The best instruction set of this processor that the element-wise kernels were compiled for.
std::string simd_name();

}  // namespace eft
