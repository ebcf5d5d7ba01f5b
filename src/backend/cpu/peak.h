#pragma once

#include "tensor/dtype.h"

namespace eft {

/// Multiplications and additions a second that all threads together reach with vector instructions on numbers of
/// `dtype` in registers, by a measurement of some milliseconds; 0 where there is no such measurement.
double measure_peak_flops(DType dtype);

}  // namespace eft
