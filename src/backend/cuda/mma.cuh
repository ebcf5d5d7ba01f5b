// Products of small matrices on tensor cores (sm_80 and newer) and the copies that feed them. tests/cuda_emulation has
// a twin of this file.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace eft::cuda {

/// Four 8 x 8 matrices of bf16, spread over a warp: lane l holds elements (l/4, 2·(l%4)) and the next of each.
struct Matrices {
  std::uint32_t of[4];
};

/// Four matrices from shared memory; lane l gives the address of row l%8 of matrix l/8, eight elements aligned to 16
/// bytes.
__device__ __forceinline__ Matrices load_matrices(const __nv_bfloat16* row) {
  Matrices m;
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m.of[0]), "=r"(m.of[1]), "=r"(m.of[2]), "=r"(m.of[3])
               : "r"(address)
               : "memory");
  return m;
}

/// The same with each matrix transposed.
__device__ __forceinline__ Matrices load_transposed(const __nv_bfloat16* row) {
  Matrices m;
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(row));
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(m.of[0]), "=r"(m.of[1]), "=r"(m.of[2]), "=r"(m.of[3])
               : "r"(address)
               : "memory");
  return m;
}

/// c += a·b in f32. a: 16 x 16, its matrices those of rows 0-7, 8-15 at columns 0-7, then at columns 8-15. b: 16 x 8,
/// given as the matrices of bᵀ at columns 0-7 and 8-15. c: 16 x 8; a lane holds (l/4, 2·(l%4)), the next, and those 8
/// rows below.
__device__ __forceinline__ void multiply_add(float (&c)[4], const Matrices& a, std::uint32_t b_low,
                                             std::uint32_t b_high) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a.of[0]), "r"(a.of[1]), "r"(a.of[2]), "r"(a.of[3]), "r"(b_low), "r"(b_high));
}

/// Starts to copy sixteen bytes into shared memory, or zeros when not `valid`. Both addresses are multiples of 16.
__device__ __forceinline__ void copy_async(void* to, const void* from, bool valid) {
  const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(to));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(valid ? 16 : 0)
               : "memory");
}

/// The thread's copies since the last call are one group.
__device__ __forceinline__ void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Waits until at most `kUnderWay` of the thread's latest groups are missing. Others see them after a barrier.
template <int kUnderWay>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kUnderWay) : "memory");
}

}  // namespace eft::cuda
