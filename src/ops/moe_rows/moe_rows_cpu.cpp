#include "ops/moe_rows/moe_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/moe_rows/moe_rows_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"

#include <cstring>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;

/// The rows of one token's choices.
struct Choices {
  const std::int32_t* row;
  std::int64_t count;
};

Choices choices_of(const RoutingView& routing, std::int64_t token) {
  const std::int64_t count = routing.row.shape[1];
  return {routing.row.as<std::int32_t>() + token * count, count};
}

void gather(Stream, ConstView x, const RoutingView& routing, View rows) {
  const std::int64_t top_k = routing.row.shape[1];
  const std::size_t bytes = static_cast<std::size_t>(x.shape[1]) * size_of(x.dtype);
  parallel_for(rows.shape[0], kElementsPerTask / x.shape[1], [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const auto token = static_cast<std::size_t>(routing.source.as<std::int32_t>()[r] / top_k);
      std::memcpy(rows.as<char>() + static_cast<std::size_t>(r) * bytes, x.as<char>() + token * bytes, bytes);
    }
  });
}

/// to = Σ_j weight_j·rows[choice j]; without weights each counts once.
template <class T>
void sum_choices(const Choices& choices, const Accumulator<T>* weights, const T* rows, std::int64_t hidden, T* to,
                 bool accumulate) {
  const Tag<T> d;
  for_each_vector(d, hidden, [&](std::int64_t i, std::size_t n) {
    auto sum = hn::Zero(d);
    for (std::int64_t j = 0; j < choices.count; ++j) {
      const auto weight = hn::Set(d, weights == nullptr ? 1 : weights[j]);
      sum = hn::MulAdd(weight, load_n(d, rows + choices.row[j] * hidden + i, n), sum);
    }
    put_n(d, sum, to + i, n, accumulate);
  });
}

void gather_backward(Stream, ConstView drows, const RoutingView& routing, GradView dx) {
  const std::int64_t hidden = drows.shape[1];
  dispatch(drows.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(routing.row.shape[0], kElementsPerTask / hidden, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) {
        sum_choices<T>(choices_of(routing, t), nullptr, drows.as<T>(), hidden, dx.view.as<T>() + t * hidden,
                       dx.accumulate);
      }
    });
  });
}

void combine(Stream, ConstView rows, ConstView weights, const RoutingView& routing, View y) {
  const std::int64_t hidden = rows.shape[1];
  dispatch(rows.dtype, [&](auto tag) {
    using T = decltype(tag);
    parallel_for(routing.row.shape[0], kElementsPerTask / hidden, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) {
        const Choices choices = choices_of(routing, t);
        sum_choices<T>(choices, weights.as<Accumulator<T>>() + t * choices.count, rows.as<T>(), hidden,
                       y.as<T>() + t * hidden, false);
      }
    });
  });
}

template <class T>
void scale_row(const T* from, Accumulator<T> factor, std::int64_t hidden, T* to, bool accumulate) {
  const Tag<T> d;
  for_each_vector(d, hidden, [&](std::int64_t i, std::size_t n) {
    put_n(d, hn::Mul(hn::Set(d, factor), load_n(d, from + i, n)), to + i, n, accumulate);
  });
}

template <class T>
Accumulator<T> dot(const T* a, const T* b, std::int64_t hidden) {
  const Tag<T> d;
  auto sum = hn::Zero(d);
  for_each_vector(d, hidden, [&](std::int64_t i, std::size_t n) {
    sum = hn::MulAdd(load_n(d, a + i, n), load_n(d, b + i, n), sum);
  });
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

template <class T>
void combine_backward_token(std::int64_t t, ConstView rows, ConstView weights, const RoutingView& routing, ConstView dy,
                            GradView drows, GradView dweights) {
  using A = Accumulator<T>;
  const std::int64_t hidden = rows.shape[1];
  const Choices choices = choices_of(routing, t);
  const T* out = dy.as<T>() + t * hidden;
  for (std::int64_t j = 0; j < choices.count; ++j) {
    const std::int64_t at = choices.row[j] * hidden;
    if (dweights) {
      A& to = dweights.view.as<A>()[t * choices.count + j];
      to = (dweights.accumulate ? to : A(0)) + dot(out, rows.as<T>() + at, hidden);
    }
    if (!drows) continue;
    scale_row(out, weights.as<A>()[t * choices.count + j], hidden, drows.view.as<T>() + at, drows.accumulate);
  }
}

void combine_backward(Stream, ConstView rows, ConstView weights, const RoutingView& routing, ConstView dy,
                      GradView drows, GradView dweights) {
  dispatch(rows.dtype, [&](auto tag) {
    parallel_for(dy.shape[0], kElementsPerTask / dy.shape[1], [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) {
        combine_backward_token<decltype(tag)>(t, rows, weights, routing, dy, drows, dweights);
      }
    });
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace eft {
namespace {

HWY_EXPORT(gather);
HWY_EXPORT(gather_backward);
HWY_EXPORT(combine);
HWY_EXPORT(combine_backward);

const bool registered = moe_rows_kernels.add(
    Device::cpu, {.gather = [](auto... args) { HWY_DYNAMIC_DISPATCH(gather)
                                               (args...); },
                  .gather_backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(gather_backward)
                                                        (args...); },
                  .combine = [](auto... args) { HWY_DYNAMIC_DISPATCH(combine)
                                                (args...); },
                  .combine_backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(combine_backward)
                                                         (args...); }});

}  // namespace
}  // namespace eft
#endif
