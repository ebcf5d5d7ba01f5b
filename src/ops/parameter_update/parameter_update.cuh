// What the update kernels of all optimizers share on a GPU.
#pragma once

#include "backend/cuda/flat_list.cuh"
#include "ops/parameter_update/parameter_update.h"

namespace eft::cuda {

/// A parameter in the table of a launch; an optimizer adds its state.
template <class A>
struct UpdatedParameter {
  const A* gradient;
  A* exact;
  __nv_bfloat16* rounded;
  A clip;
  std::int64_t count, first = 0;

  explicit UpdatedParameter(const ParameterUpdate& p)
      : gradient(in<A>(p.gradient)),
        exact(out<A>(p.exact)),
        rounded(out<__nv_bfloat16>(p.rounded)),
        clip(static_cast<A>(p.clip)),
        count(p.exact.shape.elements()) {}
};

/// Puts the updated values of elements i to i + n in their places: held within the bound, exactly, and rounded.
template <class A>
__device__ __forceinline__ void finish_n(const UpdatedParameter<A>& p, Lanes<A> value, std::int64_t i, int n) {
  for (int l = 0; l < Lanes<A>::kCount; ++l) {
    const A moved = value.v[l];
    value.v[l] = p.clip > 0 ? (moved > p.clip ? p.clip : moved < -p.clip ? -p.clip : moved) : moved;
  }
  store_n(value, p.exact + i, n);
  if (p.rounded == nullptr) return;
  for (int l = 0; l < n; ++l) p.rounded[i + l] = narrow<__nv_bfloat16>(value.v[l]);
}

}  // namespace eft::cuda
