#include "ops/altup/altup.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ops/altup/altup_cpu.cpp"
#include "backend/cpu/targets.h"
#include <hwy/foreach_target.h>
// After foreach_target.h:
#include "backend/cpu/simd-inl.h"
#include "base/parallel.h"

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {  // the names repeat in every op

constexpr std::int64_t kElementsPerTask = 1 << 14;

/// Calls body(token) for all tokens, in parallel.
template <class Body>
void for_each_token(const Shape& shape, Body body) {
  parallel_for(shape[0], kElementsPerTask / shape[1] + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t token = begin; token < end; ++token) body(token);
  });
}

/// Elements i… of a row, or zero where the tensor is absent.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_or_zero(D d, const ConstView& view, std::int64_t at, std::size_t n, const T*) {
  return view ? load_n(d, view.as<T>() + at, n) : hn::Zero(d);
}

template <class D, class T>
HWY_INLINE void put_if_wanted(D d, hn::Vec<D> value, const GradView& target, std::int64_t at, std::size_t n, const T*) {
  if (target) put_n(d, value, target.view.as<T>() + at, n, target.accumulate);
}

template <class T>
void put_scalar(const GradView& target, std::int64_t at, Accumulator<T> value) {
  T& to = target.view.as<T>()[at];
  to = static_cast<T>(target.accumulate ? static_cast<Accumulator<T>>(to) + value : value);
}

template <class A, class T>
void load_coefficients(const ConstView& view, std::int64_t token, std::size_t count, A* to, const T*) {
  const T* from = view.as<T>() + token * static_cast<std::int64_t>(count);
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<A>(from[i]);
}

void predict(Stream, std::span<const ConstView> streams, ConstView coefficients, std::span<const View> predictions) {
  const std::size_t count = streams.size();
  const std::int64_t hidden = streams[0].shape[1];
  dispatch(streams[0].dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    for_each_token(streams[0].shape, [&](std::int64_t token) {
      const Tag<T> d;
      A c[kMaxStreams * kMaxStreams];
      load_coefficients(coefficients, token, count * count, c, static_cast<const T*>(nullptr));
      for_each_vector(d, hidden, [&](std::int64_t k, std::size_t n) {
        const std::int64_t at = token * hidden + k;
        for (std::size_t i = 0; i < count; ++i) {
          auto sum = load_n(d, streams[i].as<T>() + at, n);
          for (std::size_t j = 0; j < count; ++j) {
            sum = hn::MulAdd(hn::Set(d, c[i * count + j]), load_n(d, streams[j].as<T>() + at, n), sum);
          }
          store_n(d, sum, predictions[i].as<T>() + at, n);
        }
      });
    });
  });
}

void predict_backward(Stream, std::span<const ConstView> streams, ConstView coefficients,
                      std::span<const ConstView> dpredictions, std::span<const GradView> dstreams,
                      GradView dcoefficients) {
  const std::size_t count = streams.size();
  const std::int64_t hidden = streams[0].shape[1];
  dispatch(streams[0].dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    constexpr const T* kType = nullptr;
    for_each_token(streams[0].shape, [&](std::int64_t token) {
      const Tag<T> d;
      A c[kMaxStreams * kMaxStreams];
      load_coefficients(coefficients, token, count * count, c, kType);
      for (std::size_t j = 0; j < count; ++j) {
        for_each_vector(d, hidden, [&](std::int64_t k, std::size_t n) {
          const std::int64_t at = token * hidden + k;
          auto sum = load_or_zero(d, dpredictions[j], at, n, kType);
          for (std::size_t i = 0; i < count; ++i) {
            sum = hn::MulAdd(hn::Set(d, c[i * count + j]), load_or_zero(d, dpredictions[i], at, n, kType), sum);
          }
          put_if_wanted(d, sum, dstreams[j], at, n, kType);
        });
      }
      if (!dcoefficients) return;
      for (std::size_t pair = 0; pair < count * count; ++pair) {
        auto dot = hn::Zero(d);
        for_each_vector(d, hidden, [&](std::int64_t k, std::size_t n) {
          const std::int64_t at = token * hidden + k;
          dot = hn::MulAdd(load_or_zero(d, dpredictions[pair / count], at, n, kType),
                           load_n(d, streams[pair % count].as<T>() + at, n), dot);
        });
        put_scalar<T>(dcoefficients, token * static_cast<std::int64_t>(count * count) + static_cast<std::int64_t>(pair),
                      hn::GetLane(hn::SumOfLanes(d, dot)));
      }
    });
  });
}

void correct(Stream, std::span<const ConstView> predictions, ConstView activated, ConstView coefficients,
             std::span<const View> corrected) {
  const std::size_t count = predictions.size();
  const std::int64_t hidden = activated.shape[1];
  dispatch(activated.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    for_each_token(activated.shape, [&](std::int64_t token) {
      const Tag<T> d;
      A c[kMaxStreams];
      load_coefficients(coefficients, token, count, c, static_cast<const T*>(nullptr));
      for_each_vector(d, hidden, [&](std::int64_t k, std::size_t n) {
        const std::int64_t at = token * hidden + k;
        const auto innovation =
            hn::Sub(load_n(d, activated.as<T>() + at, n), load_n(d, predictions[0].as<T>() + at, n));
        for (std::size_t i = 0; i < count; ++i) {
          const auto moved = hn::MulAdd(hn::Set(d, 1 + c[i]), innovation, load_n(d, predictions[i].as<T>() + at, n));
          store_n(d, moved, corrected[i].as<T>() + at, n);
        }
      });
    });
  });
}

void correct_backward(Stream, ConstView prediction, ConstView activated, ConstView coefficients,
                      std::span<const ConstView> dcorrected, std::span<const GradView> dpredictions,
                      GradView dactivated, GradView dcoefficients) {
  const std::size_t count = dcorrected.size();
  const std::int64_t hidden = activated.shape[1];
  dispatch(activated.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    constexpr const T* kType = nullptr;
    for_each_token(activated.shape, [&](std::int64_t token) {
      const Tag<T> d;
      A c[kMaxStreams];
      load_coefficients(coefficients, token, count, c, kType);
      for_each_vector(d, hidden, [&](std::int64_t k, std::size_t n) {
        const std::int64_t at = token * hidden + k;
        auto moved = hn::Zero(d);
        for (std::size_t i = 0; i < count; ++i) {
          const auto g = load_or_zero(d, dcorrected[i], at, n, kType);
          moved = hn::MulAdd(hn::Set(d, 1 + c[i]), g, moved);
          if (i > 0) put_if_wanted(d, g, dpredictions[i], at, n, kType);
        }
        put_if_wanted(d, moved, dactivated, at, n, kType);
        const auto first = load_or_zero(d, dcorrected[0], at, n, kType);
        put_if_wanted(d, hn::Sub(first, moved), dpredictions[0], at, n, kType);
      });
      if (!dcoefficients) return;
      for (std::size_t i = 0; i < count; ++i) {
        auto dot = hn::Zero(d);
        for_each_vector(d, hidden, [&](std::int64_t k, std::size_t n) {
          const std::int64_t at = token * hidden + k;
          const auto innovation = hn::Sub(load_n(d, activated.as<T>() + at, n), load_n(d, prediction.as<T>() + at, n));
          dot = hn::MulAdd(load_or_zero(d, dcorrected[i], at, n, kType), innovation, dot);
        });
        put_scalar<T>(dcoefficients, token * static_cast<std::int64_t>(count) + static_cast<std::int64_t>(i),
                      hn::GetLane(hn::SumOfLanes(d, dot)));
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

HWY_EXPORT(predict);
HWY_EXPORT(predict_backward);
HWY_EXPORT(correct);
HWY_EXPORT(correct_backward);

const bool registered = altup_kernels.add(
    Device::cpu, {.predict = [](auto... args) { HWY_DYNAMIC_DISPATCH(predict)
                                                (args...); },
                  .predict_backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(predict_backward)
                                                         (args...); },
                  .correct = [](auto... args) { HWY_DYNAMIC_DISPATCH(correct)
                                                (args...); },
                  .correct_backward = [](auto... args) { HWY_DYNAMIC_DISPATCH(correct_backward)
                                                         (args...); }});

}  // namespace
}  // namespace eft
#endif
