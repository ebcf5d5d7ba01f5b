#include "train/optimizers/coded_state.h"

#include "train/optimizers/parameter_groups.h"

namespace eft {
namespace {

/// Both libraries leave smaller tensors alone.
constexpr std::int64_t kLeastElements = 4096;

Tensor zeros(Pool& pool, DType dtype, const Shape& shape) {
  Tensor tensor(pool, Category::optimizer, dtype, shape);
  zero(tensor);
  return tensor;
}

}  // namespace

MomentState::MomentState(const Parameter& parameter, Pool& pool, bool coded) {
  if (!coded) {
    whole_ = zeros(pool, parameter.grad->dtype, parameter.shape);
    return;
  }
  codes_ = zeros(pool, DType::u8, parameter.shape);
  scales_ = zeros(pool, DType::f32, {CodedState::blocks(parameter.shape)});
}

void MomentState::add_to(NamedTensors& state, const std::string& word) const {
  if (!coded()) {
    state.emplace_back(word, whole_);
    return;
  }
  state.emplace_back(word + "_codes", codes_);
  state.emplace_back(word + "_scales", scales_);
}

bool keeps_codes(const Parameter& parameter, CodeRounding library) {
  const std::int64_t elements = parameter.shape.elements();
  if (elements < kLeastElements) return false;
  return library == CodeRounding::torchao ? elements % CodedState::kBlock == 0 : !is_embedding(parameter);
}

}  // namespace eft
