#pragma once

#include <cuda_bf16.h>

#include <type_traits>

#include "backend/cuda/launch.cuh"

namespace eft::cuda {

/// The device's type for an element type of the host.
template <class T>
struct DeviceTypeOf {
  using Type = T;
};
template <>
struct DeviceTypeOf<BFloat16> {
  using Type = __nv_bfloat16;
};

/// Calls f(T{}) with the device's type of a floating dtype that kernels compute in (f64, f32, bf16).
template <class F>
decltype(auto) on_type(DType dtype, F&& f) {
  return dispatch(dtype, [&](auto tag) { return f(typename DeviceTypeOf<decltype(tag)>::Type{}); });
}

/// Type of accumulators of a kernel over T.
template <class T>
using Sum = std::conditional_t<std::is_same_v<T, double>, double, float>;

template <class T>
__device__ __forceinline__ Sum<T> widen(T value) {
  if constexpr (std::is_same_v<T, __nv_bfloat16>) {
    return __bfloat162float(value);
  } else {
    return value;
  }
}

/// Rounds to nearest even.
template <class T, class A>
__device__ __forceinline__ T narrow(A value) {
  if constexpr (std::is_same_v<T, __nv_bfloat16>) {
    return __float2bfloat16_rn(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

/// *to = value, or += when `accumulate`.
template <class T>
__device__ __forceinline__ void put(T* to, Sum<T> value, bool accumulate) {
  *to = narrow<T>(accumulate ? widen(*to) + value : value);
}

/// Consecutive elements of one thread, sixteen bytes of them, in the accumulator's type.
template <class T>
struct Lanes {
  static constexpr int kCount = 16 / sizeof(T);
  Sum<T> v[kCount];
};

template <class T>
struct alignas(16) RawLanes {
  T v[16 / sizeof(T)];
};

__host__ __device__ __forceinline__ bool is_aligned(const void* p) { return (reinterpret_cast<std::uintptr_t>(p) & 15) == 0; }

/// The first n elements from p on, the others zero; one read where alignment allows.
template <class T>
__device__ __forceinline__ Lanes<T> load_n(const T* p, int n) {
  constexpr int kCount = Lanes<T>::kCount;
  Lanes<T> lanes;
  if (n == kCount && is_aligned(p)) {
    const RawLanes<T> raw = *reinterpret_cast<const RawLanes<T>*>(p);
#pragma unroll
    for (int l = 0; l < kCount; ++l) lanes.v[l] = widen(raw.v[l]);
  } else {
#pragma unroll
    for (int l = 0; l < kCount; ++l) lanes.v[l] = l < n ? widen(p[l]) : Sum<T>(0);
  }
  return lanes;
}

template <class T>
__device__ __forceinline__ void store_n(const Lanes<T>& lanes, T* p, int n) {
  constexpr int kCount = Lanes<T>::kCount;
  if (n == kCount && is_aligned(p)) {
    RawLanes<T> raw;
#pragma unroll
    for (int l = 0; l < kCount; ++l) raw.v[l] = narrow<T>(lanes.v[l]);
    *reinterpret_cast<RawLanes<T>*>(p) = raw;
  } else {
#pragma unroll
    for (int l = 0; l < kCount; ++l) {
      if (l < n) p[l] = narrow<T>(lanes.v[l]);
    }
  }
}

/// store_n, or adds to what is there when `accumulate`.
template <class T>
__device__ __forceinline__ void put_n(Lanes<T> lanes, T* p, int n, bool accumulate) {
  if (accumulate) {
    const Lanes<T> old = load_n(p, n);
#pragma unroll
    for (int l = 0; l < Lanes<T>::kCount; ++l) lanes.v[l] += old.v[l];
  }
  store_n(lanes, p, n);
}

inline constexpr int kThreads = 256;
inline constexpr std::int64_t kMostBlocks = 1 << 20;

template <class Body>
__global__ void each_kernel(std::int64_t count, int step, Body body) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x * step;
  for (std::int64_t i = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * step; i < count;
       i += stride) {
    body(i, static_cast<int>(count - i < step ? count - i : step));
  }
}

/// Calls body(i, n) for i = 0, step, 2·step …, with n elements each that are left, at most `step`.
template <class Body>
void for_each(Stream stream, std::string_view op, const Shape& shape, std::int64_t count, int step, Body body) {
  if (count == 0) return;
  const std::int64_t threads = (count + step - 1) / step;
  const std::int64_t blocks = (threads + kThreads - 1) / kThreads;
  launch(op, shape, stream_of(stream), {static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), kThreads},
         each_kernel<Body>, count, step, body);
}

/// Calls body(i, n) for all elements of `shape`, in runs as long as Lanes<T>.
template <class T, class Body>
void for_each_lanes(Stream stream, std::string_view op, const Shape& shape, Body body) {
  for_each(stream, op, shape, shape.elements(), Lanes<T>::kCount, body);
}

/// Address of a view as the device's type; null when it is absent.
template <class T>
const T* in(const ConstView& view) {
  return static_cast<const T*>(view.data);
}
template <class T>
T* out(const View& view) {
  return static_cast<T*>(view.data);
}
template <class T>
T* out(const GradView& target) {
  return static_cast<T*>(target.view.data);
}

}  // namespace eft::cuda
