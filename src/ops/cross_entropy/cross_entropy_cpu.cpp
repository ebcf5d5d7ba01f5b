#include "ops/cross_entropy/cross_entropy.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/cross_entropy/cross_entropy_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/exp-inl.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;
constexpr std::int64_t kElementsPerSum = 1 << 12;  // of f32 terms, before they go into a double

/// Caps the logits in place and returns the largest.
template <class A>
A cap_and_find_largest(A* logits, std::int64_t size, double softcap) {
  const Tag<A> d;
  const auto bound = hn::Set(d, static_cast<A>(softcap));
  const auto inverse = hn::Set(d, static_cast<A>(softcap > 0 ? 1 / softcap : 0));
  const auto lowest = hn::Set(d, -std::numeric_limits<A>::infinity());
  auto largest = lowest;
  for_each_vector(d, size, [&](std::int64_t i, std::size_t n) {
    auto v = load_n(d, logits + i, n);
    if (softcap > 0) {
      v = hn::Mul(tanh_of(d, hn::Mul(v, inverse)), bound);
      store_n(d, v, logits + i, n);
    }
    largest = hn::Max(largest, n == hn::Lanes(d) ? v : hn::IfThenElse(hn::FirstN(d, n), v, lowest));
  });
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

/// Σ exp(logits − largest), summed in short runs so that many small terms count beside a large one. `slopes`, which may
/// lie on the logits, get the exponentials times the slope of the cap, unless absent.
template <class A, class G>
double sum_of_exponentials(const A* logits, std::int64_t size, A largest, double softcap, G* slopes) {
  const Tag<A> d;
  const auto shift = hn::Set(d, largest), one = hn::Set(d, A(1));
  const auto inverse = hn::Set(d, static_cast<A>(softcap > 0 ? 1 / softcap : 0));
  double total = 0;
  for (std::int64_t begin = 0; begin < size; begin += kElementsPerSum) {
    auto sum = hn::Zero(d);
    for_each_vector(d, std::min(kElementsPerSum, size - begin), [&](std::int64_t i, std::size_t n) {
      const auto logit = load_n(d, logits + begin + i, n);
      const auto e = exp_or_none(d, hn::Sub(logit, shift));
      sum = hn::Add(sum, n == hn::Lanes(d) ? e : hn::IfThenElseZero(hn::FirstN(d, n), e));
      if (slopes == nullptr) return;
      const auto bent = hn::Mul(logit, inverse);  // 0 without a cap: slope 1
      store_n(d, hn::Mul(e, hn::NegMulAdd(bent, bent, one)), slopes + begin + i, n);
    });
    total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
  }
  return total;
}

/// values = factor·values.
template <class A>
void multiply(A factor, std::int64_t size, A* values) {
  const Tag<A> d;
  const auto f = hn::Set(d, factor);
  for_each_vector(
      d, size, [&](std::int64_t i, std::size_t n) { store_n(d, hn::Mul(load_n(d, values + i, n), f), values + i, n); });
}

/// Slope of softcap·tanh(x/softcap) where it has this value.
double slope_at(double capped, double softcap) {
  const double bent = softcap > 0 ? capped / softcap : 0.0;
  return 1 - bent * bent;
}

/// What is known of a row after some chunks.
struct RowState {
  double largest;  ///< logit so far
  double sum;      ///< of exponentials relative to it
  double chosen;   ///< the target's logit, once its chunk has been
};

/// One row of a chunk; target: counted from the chunk's first piece.
template <class A, class G>
void take_row(double softcap, A* logits, std::int64_t size, std::int64_t target, RowState& state, G* exponentials,
              A* sums, std::int64_t width) {
  const A before = static_cast<A>(state.largest);
  const A largest = std::max(before, cap_and_find_largest(logits, size, softcap));
  if (target >= 0 && target < size) state.chosen = static_cast<double>(logits[target]);
  const double fade = state.sum == 0 ? 1.0 : std::exp(static_cast<double>(before) - static_cast<double>(largest));
  if (fade != 1 && sums != nullptr) multiply(static_cast<A>(fade), width, sums);
  state.sum = state.sum * fade + sum_of_exponentials(logits, size, largest, softcap, exponentials);
  state.largest = static_cast<double>(largest);
  if (exponentials != nullptr && target >= 0 && target < size) exponentials[target] = G{};
}

template <class A, class G>
void take_rows(const CrossEntropyChunk& chunk, View logits, std::span<const std::int32_t> targets, RowState* states,
               G* exponentials, View sums) {
  const std::int64_t size = logits.shape[1], width = sums ? sums.shape[1] : 0;
  parallel_for(logits.shape[0], kElementsPerTask / size, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      if (chunk.first == 0) states[row] = {-std::numeric_limits<double>::infinity(), 0, 0};
      take_row(chunk.softcap, logits.as<A>() + row * size, size, targets[static_cast<std::size_t>(row)] - chunk.first,
               states[row], exponentials == nullptr ? nullptr : exponentials + row * size,
               sums && chunk.first > 0 ? sums.as<A>() + row * width : nullptr, width);
    }
  });
}

void take_chunk(Stream, const CrossEntropyChunk& chunk, View logits, std::span<const std::int32_t> targets, View state,
                View exponentials, View sums) {
  auto* const states = reinterpret_cast<RowState*>(state.as<double>());
  if (logits.dtype == DType::f64) {
    return take_rows<double>(chunk, logits, targets, states, exponentials.as<double>(), sums);
  }
  expect(logits.dtype == DType::f32, "logits in the accumulator dtype");
  if (exponentials && exponentials.dtype == DType::bf16) {
    return take_rows<float>(chunk, logits, targets, states, exponentials.as<BFloat16>(), sums);
  }
  take_rows<float>(chunk, logits, targets, states, exponentials.as<float>(), sums);
}

/// dhidden = factor·sums + pull·head, rounded once.
template <class T, class W>
void finish_row(const Accumulator<T>* sums, const W* head, std::int64_t width, double factor, double pull, T* dhidden) {
  const Tag<T> d;
  const auto f = hn::Set(d, static_cast<Accumulator<T>>(factor)), p = hn::Set(d, static_cast<Accumulator<T>>(pull));
  for_each_vector(d, width, [&](std::int64_t i, std::size_t n) {
    const auto pulled = hn::Mul(load_n(d, head + i, n), p);
    store_n(d, hn::MulAdd(load_n(d, sums + i, n), f, pulled), dhidden + i, n);
  });
}

/// As finish_chunks for hidden states in T; row_of gives the values of a row of the head.
template <class T, class RowOf>
void finish_rows(const CrossEntropySoftmax& s, std::span<const std::int32_t> targets, std::span<const float> weights,
                 const RowState* states, std::int64_t width, RowOf row_of, ConstView sums, View dhidden,
                 double* losses) {
  parallel_for(static_cast<std::int64_t>(targets.size()), kElementsPerTask / width,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t row = begin; row < end; ++row) {
                   const auto at = static_cast<std::size_t>(row);
                   const double weight = weights.empty() ? 1.0 : static_cast<double>(weights[at]);
                   const RowState& state = states[row];
                   const double loss = std::log(state.sum) + (state.largest - state.chosen);
                   losses[row] = weight * loss;
                   if (!dhidden) continue;
                   const double pull = weight * s.scale * std::expm1(-loss) * slope_at(state.chosen, s.softcap);
                   finish_row(sums.as<Accumulator<T>>() + row * width, row_of(targets[at]), width,
                              weight * s.scale / state.sum, pull, dhidden.as<T>() + row * width);
                 }
               });
}

void finish_chunks(Stream, const CrossEntropySoftmax& s, std::span<const std::int32_t> targets,
                   std::span<const float> weights, ConstView state, const WeightView& head, ConstView sums,
                   View dhidden, View losses) {
  const auto* const states = reinterpret_cast<const RowState*>(state.as<double>());
  const std::int64_t width = head.shape[1];
  dispatch(dhidden ? dhidden.dtype : head.dtype, [&](auto hidden) {
    using T = decltype(hidden);
    const auto finish = [&](auto row_of) {
      finish_rows<T>(s, targets, weights, states, width, row_of, sums, dhidden, losses.as<double>());
    };
    const auto stored = [&](auto element) {
      const auto* const rows = head.data.as<decltype(element)>();
      finish([rows, width](std::int64_t row) { return rows + row * width; });
    };
    if constexpr (!std::is_same_v<T, double>) {
      if (head.packed) {
        return finish([&](std::int64_t row) {
          thread_local std::vector<float> values;
          values.resize(static_cast<std::size_t>(width));
          unpack(head, row, 0, width, values.data());
          return static_cast<const float*>(values.data());
        });
      }
      if (head.dtype == DType::bf16) return stored(BFloat16{});
    }
    expect(!head.packed && head.dtype == kDTypeOf<Accumulator<T>>, "a head in bf16 or the accumulator's dtype");
    stored(Accumulator<T>{});
  });
}

/// One row: returns its loss.
template <class A, class G>
double softmax_row(const CrossEntropySoftmax& s, A* logits, std::int64_t size, std::int64_t target, G* gradient) {
  const A largest = cap_and_find_largest(logits, size, s.softcap);
  const auto chosen = static_cast<double>(logits[target]);
  const double sum = sum_of_exponentials(logits, size, largest, s.softcap, gradient == nullptr ? nullptr : logits);
  const double loss = std::log(sum) + (static_cast<double>(largest) - chosen);
  if (gradient == nullptr) return loss;
  const Tag<A> d;
  const auto factor = hn::Set(d, static_cast<A>(s.scale / sum));
  for_each_vector(d, size, [&](std::int64_t i, std::size_t n) {
    store_n(d, hn::Mul(load_n(d, logits + i, n), factor), gradient + i, n);
  });
  gradient[target] = static_cast<G>(static_cast<A>(s.scale * std::expm1(-loss) * slope_at(chosen, s.softcap)));
  return loss;
}

template <class A, class G>
void softmax_rows(const CrossEntropySoftmax& s, View logits, std::span<const std::int32_t> targets, G* gradient,
                  double* losses) {
  const std::int64_t size = logits.shape[1];
  parallel_for(logits.shape[0], kElementsPerTask / size, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      losses[row] = softmax_row(s, logits.as<A>() + row * size, size, targets[static_cast<std::size_t>(row)],
                                gradient == nullptr ? nullptr : gradient + row * size);
    }
  });
}

void softmax(Stream, const CrossEntropySoftmax& s, View logits, std::span<const std::int32_t> targets, View gradient,
             View losses) {
  if (gradient && gradient.dtype == DType::bf16) {
    expect(logits.dtype == DType::f32, "f32 logits");
    return softmax_rows<float>(s, logits, targets, gradient.as<BFloat16>(), losses.as<double>());
  }
  expect(!gradient || gradient.dtype == logits.dtype, "a gradient in bf16 or the logits' dtype");
  if (logits.dtype == DType::f64) {
    return softmax_rows<double>(s, logits, targets, gradient.as<double>(), losses.as<double>());
  }
  expect(logits.dtype == DType::f32, "logits in the accumulator dtype");
  softmax_rows<float>(s, logits, targets, gradient.as<float>(), losses.as<double>());
}

/// Each row of the gradient times factor_of(row).
template <class Factor>
void scale_each_row(View gradient, const Factor& factor_of) {
  const std::int64_t size = gradient.shape[1];
  dispatch(gradient.dtype, [&](auto tag) {
    using T = decltype(tag);
    const Tag<T> d;
    parallel_for(gradient.shape[0], kElementsPerTask / size, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const auto weight = hn::Set(d, static_cast<Accumulator<T>>(factor_of(row)));
        T* const values = gradient.as<T>() + row * size;
        for_each_vector(d, size, [&](std::int64_t i, std::size_t n) {
          store_n(d, hn::Mul(load_n(d, values + i, n), weight), values + i, n);
        });
      }
    });
  });
}

void weigh(Stream, std::span<const float> weights, View gradient, View losses) {
  for (std::size_t i = 0; i < weights.size(); ++i) losses.as<double>()[i] *= weights[i];
  if (gradient) scale_each_row(gradient, [&](std::int64_t row) { return weights[static_cast<std::size_t>(row)]; });
}

void scale_rows(Stream, ConstView factors, View gradient) {
  scale_each_row(gradient, [&](std::int64_t row) { return factors.as<double>()[row]; });
}

template <class T>
void scatter_row(const T* from, Accumulator<T> factor, T* to, std::int64_t width, bool accumulate) {
  const Tag<T> d;
  const auto f = hn::Set(d, factor);
  for_each_vector(d, width, [&](std::int64_t i, std::size_t n) {
    put_n(d, hn::Mul(load_n(d, from + i, n), f), to + i, n, accumulate);
  });
}

/// rows is ascending, so that the rows between two chosen ones are cleared with the first.
void scatter(Stream, ConstView from, std::span<const std::int64_t> rows, ConstView dlosses, double expected,
             GradView to) {
  expect(to.view.dtype == from.dtype, "a gradient of the value's dtype");
  const std::int64_t width = from.shape[1];
  const auto chosen = static_cast<std::int64_t>(rows.size());
  dispatch(from.dtype, [&](auto tag) {
    using T = decltype(tag);
    T* const out = to.view.as<T>();
    const auto place = [&](std::int64_t i) {
      return i < chosen ? out + rows[static_cast<std::size_t>(i)] * width : out + to.view.shape.elements();
    };
    if (!to.accumulate) std::fill(out, place(0), T{});
    parallel_for(chosen, kElementsPerTask / width, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const auto factor = static_cast<Accumulator<T>>(dlosses ? dlosses.as<double>()[i] / expected : 1);
        scatter_row(from.as<T>() + i * width, factor, place(i), width, to.accumulate);
        if (!to.accumulate) std::fill(place(i) + width, place(i + 1), T{});
      }
    });
  });
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "backend/cpu/gemm_bf16.h"

namespace eft {
namespace {

HWY_EXPORT(softmax);
HWY_EXPORT(take_chunk);
HWY_EXPORT(finish_chunks);
HWY_EXPORT(weigh);
HWY_EXPORT(scale_rows);
HWY_EXPORT(scatter);

DType gradient_dtype(DType hidden, DType weight) {
  const bool narrow = cpu::has_native_bf16() && hidden == DType::bf16 && weight == DType::bf16;
  return narrow ? DType::bf16 : accumulator_of(hidden);
}

void gather(Stream, ConstView from, std::span<const std::int64_t> rows, View to) {
  const auto bytes = static_cast<std::size_t>(from.shape[1]) * size_of(from.dtype);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::memcpy(to.as<char>() + i * bytes, from.as<char>() + static_cast<std::size_t>(rows[i]) * bytes, bytes);
  }
}

/// In the order of rows, whatever the threads.
void sum(Stream, ConstView losses, double scale, View loss) {
  double total = 0;
  for (std::int64_t i = 0; i < losses.shape[0]; ++i) total += losses.as<double>()[i];
  dispatch(loss.dtype, [&](auto tag) {
    using T = decltype(tag);
    *loss.as<T>() = static_cast<T>(static_cast<Accumulator<T>>(scale * total));
  });
}

void spread(Stream, ConstView dy, double scale, GradView dlosses) {
  const double one = dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    return scale * static_cast<double>(static_cast<Accumulator<T>>(*dy.as<T>()));
  });
  double* const to = dlosses.view.as<double>();
  for (std::int64_t i = 0; i < dlosses.view.shape[0]; ++i) to[i] = dlosses.accumulate ? to[i] + one : one;
}

const bool registered = cross_entropy_kernels.add(Device::cpu, {.block_bytes = std::int64_t{128} << 20,
                                                                .gradient_dtype = gradient_dtype,
                                                                .gather = gather,
                                                                .softmax =
                                                                    [](auto... args) {
                                                                      HWY_DYNAMIC_DISPATCH(softmax)
                                                                      (args...);
                                                                    },
                                                                .take_chunk =
                                                                    [](auto... args) {
                                                                      HWY_DYNAMIC_DISPATCH(take_chunk)
                                                                      (args...);
                                                                    },
                                                                .finish_chunks =
                                                                    [](auto... args) {
                                                                      HWY_DYNAMIC_DISPATCH(finish_chunks)
                                                                      (args...);
                                                                    },
                                                                .weigh =
                                                                    [](auto... args) {
                                                                      HWY_DYNAMIC_DISPATCH(weigh)
                                                                      (args...);
                                                                    },
                                                                .scale_rows =
                                                                    [](auto... args) {
                                                                      HWY_DYNAMIC_DISPATCH(scale_rows)
                                                                      (args...);
                                                                    },
                                                                .sum = sum,
                                                                .spread = spread,
                                                                .scatter =
                                                                    [](auto... args) {
                                                                      HWY_DYNAMIC_DISPATCH(scatter)
                                                                      (args...);
                                                                    }});

}  // namespace
}  // namespace eft
#endif
