#include "ops/token_statistics/token_statistics.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/token_statistics/token_statistics_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/exp-inl.h"

#include <algorithm>
#include <limits>

#include "base/parallel.h"
#include "ops/token_statistics/token_moments.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;
constexpr std::int64_t kElementsPerSum = 1 << 12;  // of f32 terms, before they go into a double

/// Capped logits of a row.
template <class A>
struct CappedRow {
  const A* logits;
  double softcap;

  template <class D>
  HWY_INLINE auto at(D d, std::int64_t i, std::size_t n) const {
    const auto v = load_n(d, logits + i, n);
    if (softcap <= 0) return v;
    return hn::Mul(tanh_of(d, hn::Mul(v, hn::Set(d, static_cast<A>(1 / softcap)))),
                   hn::Set(d, static_cast<A>(softcap)));
  }
};

template <class A>
A largest_of(const CappedRow<A>& row, std::int64_t size) {
  const Tag<A> d;
  const auto lowest = hn::Set(d, -std::numeric_limits<A>::infinity());
  auto largest = lowest;
  for_each_vector(d, size, [&](std::int64_t i, std::size_t n) {
    const auto v = row.at(d, i, n);
    largest = hn::Max(largest, n == hn::Lanes(d) ? v : hn::IfThenElse(hn::FirstN(d, n), v, lowest));
  });
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

/// Adds pieces [begin, begin + size) to sums that are relative to m.largest.
template <class A>
void add_run(const CappedRow<A>& row, std::int64_t begin, std::int64_t size, TokenMoments& m) {
  const Tag<A> d;
  const auto shift = hn::Set(d, static_cast<A>(m.largest));
  auto sum = hn::Zero(d), weighted = hn::Zero(d), squares = hn::Zero(d), plain = hn::Zero(d);
  for_each_vector(d, size, [&](std::int64_t i, std::size_t n) {
    auto v = row.at(d, begin + i, n);
    auto e = exp_or_none(d, hn::Sub(v, shift));
    if (n < hn::Lanes(d)) {
      e = hn::IfThenElseZero(hn::FirstN(d, n), e);
      v = hn::IfThenElseZero(hn::FirstN(d, n), v);
    }
    sum = hn::Add(sum, e);
    weighted = hn::MulAdd(e, v, weighted);
    squares = hn::MulAdd(e, e, squares);
    plain = hn::Add(plain, v);
  });
  const auto total = [&](auto lanes) { return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, lanes))); };
  m.sum += total(sum);
  m.weighted += total(weighted);
  m.squares += total(squares);
  m.plain += total(plain);
}

template <class A>
void take_row(const CappedRow<A>& row, std::int64_t size, std::int64_t target, TokenMoments& m) {
  raise(m, std::max(m.largest, static_cast<double>(largest_of(row, size))));
  for (std::int64_t begin = 0; begin < size; begin += kElementsPerSum) {
    add_run(row, begin, std::min(kElementsPerSum, size - begin), m);
  }
  const Tag<A> d;
  if (target >= 0 && target < size) m.chosen = static_cast<double>(hn::GetLane(row.at(d, target, 1)));
}

void take(Stream, double softcap, std::int64_t first, ConstView logits, std::span<const std::int32_t> targets,
          View moments) {
  const std::int64_t size = logits.shape[1];
  auto* const rows = reinterpret_cast<TokenMoments*>(moments.as<double>());
  const auto take_typed = [&](auto tag) {
    using A = decltype(tag);
    parallel_for(logits.shape[0], kElementsPerTask / size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        if (first == 0) rows[i] = {-std::numeric_limits<double>::infinity(), 0, 0, 0, 0, 0};
        take_row(CappedRow<A>{logits.as<A>() + i * size, softcap}, size, targets[static_cast<std::size_t>(i)] - first,
                 rows[i]);
      }
    });
  };
  if (logits.dtype == DType::f64) return take_typed(double());
  expect(logits.dtype == DType::f32, "logits in the accumulator dtype");
  take_typed(float());
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
namespace {

HWY_EXPORT(take);

void finish(Stream, std::int64_t vocabulary, ConstView moments, View statistics) {
  const auto* const rows = reinterpret_cast<const TokenMoments*>(moments.as<double>());
  for (std::int64_t i = 0; i < statistics.shape[0]; ++i) {
    finish_moments(rows[i], static_cast<double>(vocabulary), statistics.as<double>() + i * kTokenStatistics);
  }
}

void sum(Stream, ConstView statistics, std::span<const ElementRange> ranges, View sums) {
  for (std::size_t s = 0; s < ranges.size(); ++s) {
    double* const to = sums.as<double>() + static_cast<std::int64_t>(s) * kTokenStatistics;
    std::fill_n(to, kTokenStatistics, 0.0);
    for (std::int64_t i = ranges[s].begin; i < ranges[s].end; ++i) {
      for (std::int64_t k = 0; k < kTokenStatistics; ++k) to[k] += statistics.as<double>()[i * kTokenStatistics + k];
    }
  }
}

const bool registered = token_statistic_kernels.add(
    Device::cpu, {.take = [](auto... args) { HWY_DYNAMIC_DISPATCH(take)
                                             (args...); }, .finish = finish, .sum = sum});

}  // namespace
}  // namespace eft
#endif
