#include "backend/cpu/peak.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/parallel.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace eft {
namespace {

constexpr int kRounds = 100'000;  // some tenths of a millisecond to a millisecond
constexpr int kRepeats = 12;      // the best counts: others use the machine too

/// Runs a loop of independent sums and returns the operations made.
using Loop = double (*)();

#ifdef __x86_64__

/// Sums that go on at the same time, so that the latency of an instruction is hidden.
constexpr std::size_t kSums = 12;

__attribute__((target("avx2,fma"))) double loop_avx2() {
  __m256 sums[kSums] = {};
  const __m256 x = _mm256_set1_ps(0.5F);
  for (int i = 0; i < kRounds; ++i) {
    for (__m256& sum : sums) {
      sum = _mm256_fmadd_ps(x, x, sum);
      asm volatile("" : "+v"(sum));  // keeps every addition
    }
  }
  return 2.0 * 8 * kSums * kRounds;
}

__attribute__((target("avx512f"))) double loop_avx512() {
  __m512 sums[kSums] = {};
  const __m512 x = _mm512_set1_ps(0.5F);
  for (int i = 0; i < kRounds; ++i) {
    for (__m512& sum : sums) {
      sum = _mm512_fmadd_ps(x, x, sum);
      asm volatile("" : "+v"(sum));
    }
  }
  return 2.0 * 16 * kSums * kRounds;
}

__attribute__((target("avx512f,avx512bf16"))) double loop_bf16() {
  __m512 sums[kSums] = {};
  const __m512bh x = (__m512bh)_mm512_set1_epi16(0x3f00);
  for (int i = 0; i < kRounds; ++i) {
    for (__m512& sum : sums) {
      sum = _mm512_dpbf16_ps(sum, x, x);
      asm volatile("" : "+v"(sum));
    }
  }
  return 2.0 * 32 * kSums * kRounds;
}

Loop loop_for(DType dtype) {
  if (dtype == DType::bf16 && __builtin_cpu_supports("avx512bf16")) return loop_bf16;
  if (dtype != DType::bf16 && dtype != DType::f32) return nullptr;
  if (__builtin_cpu_supports("avx512f")) return loop_avx512;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? loop_avx2 : nullptr;
}

#else

Loop loop_for(DType) { return nullptr; }

#endif

}  // namespace

double measure_peak_flops(DType dtype) {
  using Clock = std::chrono::steady_clock;
  const Loop loop = loop_for(dtype);
  if (loop == nullptr) return 0;
  double best = 0;
  const std::int64_t threads = thread_count();
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    std::vector<double> made(static_cast<std::size_t>(threads));
    const auto begin = Clock::now();
    parallel_for(threads, 1, [&](std::int64_t first, std::int64_t end) {
      for (; first < end; ++first) made[static_cast<std::size_t>(first)] = loop();
    });
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    double sum = 0;
    for (const double operations : made) sum += operations;
    best = std::max(best, sum / seconds);
  }
  return best;
}

}  // namespace eft
