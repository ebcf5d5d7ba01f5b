#pragma once

#include <cuda_runtime.h>

namespace eft::cuda {

/// exp(−2u) with u = √(2/π)(x + 0.044715·x³), x within the range where it changes anything. ½(1 + tanh u) =
/// 1/(1 + exp(−2u)) stays exact to the last bits where tanh u is near −1.
template <class A>
__device__ __forceinline__ A gelu_exponential(A x) {
  return exp(x * A(-1.5957691216057307117597842397375) * (1 + x * x * A(0.044715)));
}

/// x where σ(2u) still changes; NaN stays.
template <class A>
__device__ __forceinline__ A gelu_range(A x) {
  const A bound = sizeof(A) == 8 ? A(20) : A(9);
  return x > bound ? bound : x < -bound ? -bound : x;
}

/// gelu_tanh(x).
template <class A>
__device__ __forceinline__ A gelu(A x) {
  const A near = gelu_range(x);
  return (x > near ? x : near) / (1 + gelu_exponential(near));
}

template <class A>
struct GeluAndSlope {
  A value, slope;
};

/// gelu_tanh and its derivative σ + x·σ(1 − σ)·2√(2/π)(1 + 3·0.044715·x²) with σ = 1/(1 + exp(−2u)).
template <class A>
__device__ __forceinline__ GeluAndSlope<A> gelu_and_slope(A x) {
  const A twice = A(1.5957691216057307117597842397375);
  const A near = gelu_range(x);
  const A e = gelu_exponential(near);
  const A sigmoid = 1 / (1 + e);
  const A bend = twice * (1 + near * near * A(3 * 0.044715));
  return {(x > near ? x : near) * sigmoid, sigmoid * sigmoid * e * near * bend + sigmoid};
}

}  // namespace eft::cuda
