#include "train/loop/finite.h"

#include <algorithm>
#include <cmath>

#include "tensor/device_memory.h"

namespace eft {

bool all_finite(const Tensor& values) {
  const Tensor tensor = on_host(values);
  return dispatch(tensor.dtype(), [&](auto tag) {
    using T = decltype(tag);
    const auto* begin = static_cast<const T*>(tensor.raw());
    return std::all_of(begin, begin + tensor.elements(),
                       [](T value) { return std::isfinite(static_cast<Accumulator<T>>(value)); });
  });
}

std::string first_not_finite(const ParameterStore& parameters) {
  std::string gradient;
  for (const Parameter& parameter : parameters) {
    if (!all_finite(parameter.exact())) return parameter.name;
    // Gradients are made from the last parameter to the first.
    const bool bad = parameter.trainable() && parameter.grad->filled && !all_finite(parameter.grad->tensor);
    if (bad) gradient = "the gradient of " + parameter.name;
  }
  return gradient;
}

}  // namespace eft
