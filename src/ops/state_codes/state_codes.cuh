// States in codes on a GPU: a warp owns a block of 256 elements, a thread eight neighbours of it.
#pragma once

#include <vector>

#include "backend/cuda/flat_list.cuh"
#include "ops/state_codes/state_codes.h"

namespace eft::cuda {

inline constexpr int kCodedLanes = static_cast<int>(CodedState::kBlock) / 32;

/// What a code stands for, and where codes begin, in memory of the device.
struct CodeTables {
  const float *values, *bounds;
  float least_scale;

  __device__ __forceinline__ std::uint8_t code(float x) const {
    int code = 0;
#pragma unroll
    for (int half = StateCodes::kCount / 2; half > 0; half /= 2) {
      if (x >= bounds[code + half - 1]) code += half;
    }
    return static_cast<std::uint8_t>(code);
  }
};

/// The tables of codes for the length of a launch.
class UploadedCodes {
 public:
  UploadedCodes(cudaStream_t stream, bool both_signs, CodeRounding rounding)
      : tables_(stream, joined(StateCodes::of(both_signs, rounding))),
        least_scale_(CodedState::least_scale(rounding)) {}
  CodeTables tables() const { return {tables_.data(), tables_.data() + StateCodes::kCount, least_scale_}; }

 private:
  static std::vector<float> joined(const StateCodes& codes) {
    std::vector<float> both(codes.values().begin(), codes.values().end());
    both.insert(both.end(), codes.bounds().begin(), codes.bounds().end());
    return both;
  }

  Uploaded<float> tables_;
  float least_scale_;
};

/// Where a coded state lies.
struct CodedPointers {
  std::uint8_t* codes;
  float* scales;

  explicit CodedPointers(const CodedState& state)
      : codes(static_cast<std::uint8_t*>(state.codes.data)), scales(static_cast<float*>(state.scales.data)) {}
};

/// The thread's elements of the warp's block that begins at `begin`, of which the tensor still has `count` from the
/// thread's first one on.
template <class A>
__device__ __forceinline__ void read_codes(const CodeTables& tables, const CodedPointers& state, std::int64_t begin,
                                           int count, A (&values)[kCodedLanes]) {
  const A scale = state.scales[begin / CodedState::kBlock];
  const std::uint8_t* codes = state.codes + begin + (threadIdx.x % 32) * kCodedLanes;
  for (int l = 0; l < kCodedLanes; ++l) values[l] = l < count ? tables.values[codes[l]] * scale : A(0);
}

/// Rounds them on the scale of the largest of the block; all threads of the warp take part.
template <class A>
__device__ __forceinline__ void write_codes(const CodeTables& tables, const CodedPointers& state, std::int64_t begin,
                                            int count, const A (&values)[kCodedLanes]) {
  A largest = 0;
  for (int l = 0; l < kCodedLanes; ++l) {
    const A size = values[l] < 0 ? -values[l] : values[l];
    largest = l < count && size > largest ? size : largest;
  }
  const float most = static_cast<float>(warp_max(largest));
  const float scale = most > tables.least_scale ? most : tables.least_scale;
  const A divisor = scale > 0 ? static_cast<A>(scale) : A(1);
  std::uint8_t* codes = state.codes + begin + (threadIdx.x % 32) * kCodedLanes;
  for (int l = 0; l < kCodedLanes; ++l) {
    if (l < count) codes[l] = tables.code(static_cast<float>(values[l] / divisor));
  }
  if (threadIdx.x % 32 == 0) state.scales[begin / CodedState::kBlock] = scale;
}

/// Calls body(begin, own, count) for the blocks of a chunk that fall to this warp: where the block begins, where the
/// thread's eight elements do, and how many of them there are.
template <class Body>
__device__ __forceinline__ void for_each_coded_block(std::int64_t chunk_begin, std::int64_t chunk_end, Body body) {
  const int warps = static_cast<int>(blockDim.x) / 32, warp = static_cast<int>(threadIdx.x) / 32;
  for (std::int64_t begin = chunk_begin + warp * CodedState::kBlock; begin < chunk_end;
       begin += warps * CodedState::kBlock) {
    const std::int64_t own = begin + (threadIdx.x % 32) * kCodedLanes;
    const std::int64_t left = chunk_end - own;
    body(begin, own, static_cast<int>(left < 0 ? 0 : left < kCodedLanes ? left : kCodedLanes));
  }
}

}  // namespace eft::cuda
