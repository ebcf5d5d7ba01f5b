#pragma once

#include "backend/cuda/runtime.cuh"
#include "tensor/weight_view.h"

namespace eft::cuda {

/// Fills `to`, which has the dtype of the weight's values, from the codes.
using UnpackKernel = void (*)(Stream stream, const WeightView& weight, View to);

/// Called once by the file of each format that this device unpacks. Returns true so that it can initialise a constant.
bool add_unpack_kernel(const PackedFormat& format, UnpackKernel kernel);

/// A weight as dense values: itself, or all of it unpacked into scratch memory in the dtype of its values. Throws
/// DeviceError for a format that no kernel unpacks.
class Unpacked {
 public:
  Unpacked(Stream stream, const WeightView& weight);
  const ConstView& view() const { return view_; }

 private:
  Scratch scratch_;
  ConstView view_;
};

}  // namespace eft::cuda
