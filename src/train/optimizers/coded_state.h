#pragma once

#include "nn/parameter.h"
#include "ops/state_codes/state_codes.h"
#include "tensor/safetensors.h"

namespace eft {

/// A moment of one parameter: in codes and scales, or whole in the gradient's dtype.
class MomentState {
 public:
  /// All zero. `coded` says which.
  MomentState(const Parameter& parameter, Pool& pool, bool coded);

  bool coded() const { return static_cast<bool>(codes_); }
  CodedState view() { return {codes_.view(), scales_.view()}; }
  View whole() { return whole_.view(); }
  /// Adds what a checkpoint keeps: "first", or "first_codes" and "first_scales".
  void add_to(NamedTensors& state, const std::string& word) const;

 private:
  Tensor codes_, scales_;
  Tensor whole_;
};

/// Whether a library keeps the moments of a parameter in codes.
bool keeps_codes(const Parameter& parameter, CodeRounding library);

}  // namespace eft
