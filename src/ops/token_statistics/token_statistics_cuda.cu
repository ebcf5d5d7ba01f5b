#include "backend/cuda/rows.cuh"
#include "ops/token_statistics/token_moments.h"
#include "ops/token_statistics/token_statistics.h"

namespace eft::cuda {
namespace {

constexpr std::int64_t kUsualLength = 512;  // rows of a range, for the number of its threads

template <class A>
__device__ A capped(A logit, A softcap) {
  return softcap > 0 ? softcap * tanh(logit / softcap) : logit;
}

/// One row by the threads of a block.
template <class A>
__device__ void take_row(A softcap, const A* logits, std::int64_t size, std::int64_t target, bool begins,
                         TokenMoments* row) {
  TokenMoments m = begins ? TokenMoments{-INFINITY, 0, 0, 0, 0, 0} : *row;
  A largest = -INFINITY;
  for_row<A>(size, [&](std::int64_t i, int n) {
    const Lanes<A> v = load_n(logits + i, n);
    for (int l = 0; l < n; ++l) largest = larger(largest, capped(v.v[l], softcap));
  });
  raise(m, larger(m.largest, static_cast<double>(block_max(largest))));
  double sum = 0, weighted = 0, squares = 0, plain = 0;
  for_row<A>(size, [&](std::int64_t i, int n) {
    const Lanes<A> v = load_n(logits + i, n);
    for (int l = 0; l < n; ++l) {
      const auto z = static_cast<double>(capped(v.v[l], softcap));
      const auto e = static_cast<double>(exp(static_cast<A>(z - m.largest)));
      sum += e;
      weighted += e * z;
      squares += e * e;
      plain += z;
    }
  });
  m.sum += block_sum(sum);
  m.weighted += block_sum(weighted);
  m.squares += block_sum(squares);
  m.plain += block_sum(plain);
  if (target >= 0 && target < size) m.chosen = static_cast<double>(capped(logits[target], softcap));
  if (threadIdx.x == 0) *row = m;
}

template <class A>
void take_typed(Stream stream, double softcap, std::int64_t first, ConstView logits, const std::int32_t* targets,
                View moments) {
  const std::int64_t size = logits.shape[1];
  const A* scores = in<A>(logits);
  const A cap = static_cast<A>(softcap);
  auto* rows = reinterpret_cast<TokenMoments*>(out<double>(moments));
  for_each_row<A>(stream, "token_statistics", logits.shape, logits.shape[0], size, [=] __device__(std::int64_t row) {
    take_row(cap, scores + row * size, size, targets[row] - first, first == 0, rows + row);
  });
}

void take(Stream stream, double softcap, std::int64_t first, ConstView logits, std::span<const std::int32_t> targets,
          View moments) {
  const Uploaded<std::int32_t> device_targets(stream_of(stream), targets);
  if (logits.dtype == DType::f64) {
    return take_typed<double>(stream, softcap, first, logits, device_targets.data(), moments);
  }
  expect(logits.dtype == DType::f32, "logits in the accumulator dtype");
  take_typed<float>(stream, softcap, first, logits, device_targets.data(), moments);
}

void finish(Stream stream, std::int64_t vocabulary, ConstView moments, View statistics) {
  const auto* rows = reinterpret_cast<const TokenMoments*>(in<double>(moments));
  double* to = out<double>(statistics);
  for_each(stream, "token_statistics finish", statistics.shape, statistics.shape[0], 1,
           [=] __device__(std::int64_t i, int) {
             finish_moments(rows[i], static_cast<double>(vocabulary), to + i * kTokenStatistics);
           });
}

void sum(Stream stream, ConstView statistics, std::span<const ElementRange> ranges, View sums) {
  const Uploaded<ElementRange> device_ranges(stream_of(stream), ranges);
  const ElementRange* all = device_ranges.data();
  const double* from = in<double>(statistics);
  double* to = out<double>(sums);
  for_each_row<double>(stream, "token_statistics sum", sums.shape, sums.shape[0], kUsualLength,
                       [=] __device__(std::int64_t s) {
                         for (std::int64_t k = 0; k < kTokenStatistics; ++k) {
                           double part = 0;
                           for (std::int64_t i = all[s].begin + static_cast<std::int64_t>(threadIdx.x); i < all[s].end;
                                i += blockDim.x) {
                             part += from[i * kTokenStatistics + k];
                           }
                           part = block_sum(part);
                           if (threadIdx.x == 0) to[s * kTokenStatistics + k] = part;
                         }
                       });
}

const bool registered = token_statistic_kernels.add(Device::cuda, {.take = take, .finish = finish, .sum = sum});

}  // namespace
}  // namespace eft::cuda
