#include "backend/cpu/unpacked.h"

#include "tensor/unpacked.h"

namespace eft::cpu {

Unpacked::Unpacked(const WeightView& weight, DType dtype) : view_(weight.data) {
  if (weight.packed == nullptr) return;
  bytes_.reset(new char[static_cast<std::size_t>(weight.shape.elements()) * size_of(dtype)]);
  const View all{bytes_.get(), dtype, weight.shape};
  unpack_all(weight, all);
  view_ = all;
}

}  // namespace eft::cpu
