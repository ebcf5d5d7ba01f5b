// The emulation's twin of src/backend/cuda/mma.cuh.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <cstdint>

namespace eft::cuda {

struct Matrices {
  std::uint32_t of[4];
};

/// What the lanes of a warp point at: 8 elements each.
using Rows = __nv_bfloat16[32][8];

inline void gather_rows(const __nv_bfloat16* row, Rows& rows, std::source_location where) {
  if (reinterpret_cast<std::uintptr_t>(row) % 16 != 0)
    emulation::fail("a row of a matrix that is not aligned to 16 bytes");
  const auto* const lanes = emulation::exchange(&row, sizeof row, where, [](emulation::Lane(&all)[32]) {
    for (emulation::Lane& lane : all) {
      const void* from = nullptr;
      std::memcpy(&from, lane.bytes, sizeof from);
      std::memcpy(lane.bytes, from, sizeof rows[0]);
    }
  });
  for (int l = 0; l < 32; ++l) std::memcpy(rows[l], lanes[l].bytes, sizeof rows[l]);
}

inline std::uint32_t pair_of(__nv_bfloat16 low, __nv_bfloat16 high) {
  return low.bits | static_cast<std::uint32_t>(high.bits) << 16;
}

inline Matrices load_matrices(const __nv_bfloat16* row, std::source_location where = std::source_location::current()) {
  Rows rows;
  gather_rows(row, rows, where);
  const unsigned lane = threadIdx.x % 32, i = lane / 4, j = 2 * (lane % 4);
  Matrices m;
  for (unsigned part = 0; part < 4; ++part) m.of[part] = pair_of(rows[part * 8 + i][j], rows[part * 8 + i][j + 1]);
  return m;
}

inline Matrices load_transposed(const __nv_bfloat16* row,
                                std::source_location where = std::source_location::current()) {
  Rows rows;
  gather_rows(row, rows, where);
  const unsigned lane = threadIdx.x % 32, i = lane / 4, j = 2 * (lane % 4);
  Matrices m;
  for (unsigned part = 0; part < 4; ++part) m.of[part] = pair_of(rows[part * 8 + j][i], rows[part * 8 + j + 1][i]);
  return m;
}

/// One lane's registers of a product.
struct MultiplyAdd {
  float c[4];
  std::uint32_t a[4], b[2];
};
static_assert(sizeof(MultiplyAdd) <= emulation::kLaneBytes);

inline float element(const std::uint32_t& pair, unsigned which) {
  return __bfloat162float({static_cast<std::uint16_t>(which % 2 == 0 ? pair : pair >> 16)});
}

inline void multiply_all(emulation::Lane (&lanes)[32]) {
  MultiplyAdd given[32];
  for (unsigned l = 0; l < 32; ++l) std::memcpy(&given[l], lanes[l].bytes, sizeof given[l]);
  float a[16][16], b[8][16];
  for (unsigned k = 0; k < 16; ++k) {
    const unsigned t = k % 8 / 2;
    for (unsigned i = 0; i < 16; ++i) a[i][k] = element(given[i % 8 * 4 + t].a[i / 8 + k / 8 * 2], k);
    for (unsigned j = 0; j < 8; ++j) b[j][k] = element(given[j * 4 + t].b[k / 8], k);
  }
  for (unsigned l = 0; l < 32; ++l) {
    for (unsigned part = 0; part < 4; ++part) {
      const unsigned i = l / 4 + part / 2 * 8, j = l % 4 * 2 + part % 2;
      for (unsigned k = 0; k < 16; ++k) given[l].c[part] += a[i][k] * b[j][k];
    }
    std::memcpy(lanes[l].bytes, &given[l], sizeof given[l]);
  }
}

inline void multiply_add(float (&c)[4], const Matrices& a, std::uint32_t b_low, std::uint32_t b_high,
                         std::source_location where = std::source_location::current()) {
  MultiplyAdd own;
  std::memcpy(own.c, c, sizeof c);
  std::memcpy(own.a, a.of, sizeof own.a);
  own.b[0] = b_low;
  own.b[1] = b_high;
  const auto* const lanes = emulation::exchange(&own, sizeof own, where, multiply_all);
  std::memcpy(c, lanes[threadIdx.x % 32].bytes, sizeof c);
}

inline void copy_async(void* to, const void* from, bool valid) { emulation::copy_later(to, from, valid ? 16 : 0); }

inline void commit_copies() { emulation::commit_copies(); }

template <int kUnderWay>
void wait_for_copies() {
  emulation::wait_for_copies(kUnderWay);
}

}  // namespace eft::cuda
