#pragma once

#include <memory>

#include "tensor/weight_view.h"

namespace eft::cpu {

/// A weight as dense values: itself, or all of it unpacked into memory of its own, in `dtype` (f64, f32, or bf16).
class Unpacked {
 public:
  Unpacked(const WeightView& weight, DType dtype);
  const ConstView& view() const { return view_; }

 private:
  std::unique_ptr<char[]> bytes_;
  ConstView view_;
};

}  // namespace eft::cpu
