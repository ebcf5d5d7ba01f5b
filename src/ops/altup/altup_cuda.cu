#include "backend/cuda/rows.cuh"
#include "ops/altup/altup.h"

namespace eft::cuda {
namespace {

/// Addresses of the streams, by value for a kernel. Null where a tensor is absent.
template <class T>
struct Streams {
  const T* data[kMaxStreams] = {};

  explicit Streams(std::span<const ConstView> views) {
    for (std::size_t i = 0; i < views.size(); ++i) data[i] = in<T>(views[i]);
  }
  /// Elements at…, or zero where the tensor is absent.
  __device__ Lanes<T> load(int i, std::int64_t at, int n) const {
    if (data[i] != nullptr) return load_n(data[i] + at, n);
    Lanes<T> zero;
    for (int l = 0; l < Lanes<T>::kCount; ++l) zero.v[l] = 0;
    return zero;
  }
};

template <class T>
struct Targets {
  T* data[kMaxStreams] = {};
  bool accumulate[kMaxStreams] = {};

  explicit Targets(std::span<const View> views) {
    for (std::size_t i = 0; i < views.size(); ++i) data[i] = out<T>(views[i]);
  }
  explicit Targets(std::span<const GradView> views) {
    for (std::size_t i = 0; i < views.size(); ++i) {
      data[i] = out<T>(views[i]);
      accumulate[i] = views[i].accumulate;
    }
  }
  __device__ void put(int i, const Lanes<T>& value, std::int64_t at, int n) const {
    if (data[i] != nullptr) put_n(value, data[i] + at, n, accumulate[i]);
  }
};

/// a += factor·b.
template <class T>
__device__ __forceinline__ void add_scaled(Lanes<T>& a, Sum<T> factor, const Lanes<T>& b) {
  for (int l = 0; l < Lanes<T>::kCount; ++l) a.v[l] += factor * b.v[l];
}

template <class T>
__device__ __forceinline__ Sum<T> dot(const Lanes<T>& a, const Lanes<T>& b) {
  Sum<T> sum = 0;
  for (int l = 0; l < Lanes<T>::kCount; ++l) sum += a.v[l] * b.v[l];
  return sum;
}

template <class T>
void predict_typed(Stream stream, std::span<const ConstView> streams, ConstView coefficients,
                   std::span<const View> predictions) {
  const int count = static_cast<int>(streams.size());
  const std::int64_t hidden = streams[0].shape[1];
  const Streams<T> from(streams);
  const Targets<T> to(predictions);
  const T* c = in<T>(coefficients);
  for_each_row<T>(stream, "altup_predict", streams[0].shape, streams[0].shape[0], hidden,
                  [=] __device__(std::int64_t token) {
                    const T* own = c + token * count * count;
                    for_row<T>(hidden, [&](std::int64_t k, int n) {
                      const std::int64_t at = token * hidden + k;
                      for (int i = 0; i < count; ++i) {
                        Lanes<T> sum = from.load(i, at, n);
                        for (int j = 0; j < count; ++j) add_scaled(sum, widen(own[i * count + j]), from.load(j, at, n));
                        to.put(i, sum, at, n);
                      }
                    });
                  });
}

template <class T>
void predict_backward_typed(Stream stream, std::span<const ConstView> streams, ConstView coefficients,
                            std::span<const ConstView> dpredictions, std::span<const GradView> dstreams,
                            GradView dcoefficients) {
  const int count = static_cast<int>(streams.size());
  const std::int64_t hidden = streams[0].shape[1];
  const Streams<T> from(streams), grads(dpredictions);
  const Targets<T> to(dstreams);
  const T* c = in<T>(coefficients);
  T* dc = out<T>(dcoefficients);
  const bool accumulate = dcoefficients.accumulate;
  for_each_row<T>(stream, "altup_predict backward", streams[0].shape, streams[0].shape[0], hidden,
                  [=] __device__(std::int64_t token) {
                    const T* own = c + token * count * count;
                    for (int j = 0; j < count; ++j) {
                      for_row<T>(hidden, [&](std::int64_t k, int n) {
                        const std::int64_t at = token * hidden + k;
                        Lanes<T> sum = grads.load(j, at, n);
                        for (int i = 0; i < count; ++i) add_scaled(sum, widen(own[i * count + j]), grads.load(i, at, n));
                        to.put(j, sum, at, n);
                      });
                    }
                    if (dc == nullptr) return;
                    for (int pair = 0; pair < count * count; ++pair) {
                      Sum<T> part = 0;
                      for_row<T>(hidden, [&](std::int64_t k, int n) {
                        const std::int64_t at = token * hidden + k;
                        part += dot(grads.load(pair / count, at, n), from.load(pair % count, at, n));
                      });
                      const Sum<T> sum = block_sum(part);
                      if (threadIdx.x == 0) put(dc + token * count * count + pair, sum, accumulate);
                    }
                  });
}

/// activated − prediction_0.
template <class T>
__device__ __forceinline__ Lanes<T> innovation_at(const T* activated, const T* prediction, std::int64_t at, int n) {
  Lanes<T> innovation = load_n(activated + at, n);
  add_scaled(innovation, Sum<T>(-1), load_n(prediction + at, n));
  return innovation;
}

template <class T>
void correct_typed(Stream stream, std::span<const ConstView> predictions, ConstView activated, ConstView coefficients,
                   std::span<const View> corrected) {
  const int count = static_cast<int>(predictions.size());
  const std::int64_t hidden = activated.shape[1];
  const Streams<T> from(predictions);
  const Targets<T> to(corrected);
  const T *c = in<T>(coefficients), *active = in<T>(activated);
  for_each_row<T>(stream, "altup_correct", activated.shape, activated.shape[0], hidden,
                  [=] __device__(std::int64_t token) {
                    for_row<T>(hidden, [&](std::int64_t k, int n) {
                      const std::int64_t at = token * hidden + k;
                      const Lanes<T> innovation = innovation_at(active, from.data[0], at, n);
                      for (int i = 0; i < count; ++i) {
                        Lanes<T> moved = from.load(i, at, n);
                        add_scaled(moved, 1 + widen(c[token * count + i]), innovation);
                        to.put(i, moved, at, n);
                      }
                    });
                  });
}

template <class T>
void correct_backward_typed(Stream stream, ConstView prediction, ConstView activated, ConstView coefficients,
                            std::span<const ConstView> dcorrected, std::span<const GradView> dpredictions,
                            GradView dactivated, GradView dcoefficients) {
  const int count = static_cast<int>(dcorrected.size());
  const std::int64_t hidden = activated.shape[1];
  const Streams<T> grads(dcorrected);
  const Targets<T> to(dpredictions);
  const Targets<T> to_activated(std::span<const GradView>(&dactivated, 1));
  const T *c = in<T>(coefficients), *active = in<T>(activated), *first = in<T>(prediction);
  T* dc = out<T>(dcoefficients);
  const bool accumulate = dcoefficients.accumulate;
  for_each_row<T>(stream, "altup_correct backward", activated.shape, activated.shape[0], hidden,
                  [=] __device__(std::int64_t token) {
                    for_row<T>(hidden, [&](std::int64_t k, int n) {
                      const std::int64_t at = token * hidden + k;
                      Lanes<T> moved = grads.load(0, at, n);
                      Lanes<T> rest = moved;
                      for (int l = 0; l < Lanes<T>::kCount; ++l) moved.v[l] *= 1 + widen(c[token * count]);
                      for (int i = 1; i < count; ++i) {
                        const Lanes<T> g = grads.load(i, at, n);
                        add_scaled(moved, 1 + widen(c[token * count + i]), g);
                        to.put(i, g, at, n);
                      }
                      to_activated.put(0, moved, at, n);
                      add_scaled(rest, Sum<T>(-1), moved);
                      to.put(0, rest, at, n);
                    });
                    if (dc == nullptr) return;
                    for (int i = 0; i < count; ++i) {
                      Sum<T> part = 0;
                      for_row<T>(hidden, [&](std::int64_t k, int n) {
                        const std::int64_t at = token * hidden + k;
                        part += dot(grads.load(i, at, n), innovation_at(active, first, at, n));
                      });
                      const Sum<T> sum = block_sum(part);
                      if (threadIdx.x == 0) put(dc + token * count + i, sum, accumulate);
                    }
                  });
}

void predict(Stream stream, std::span<const ConstView> streams, ConstView coefficients,
             std::span<const View> predictions) {
  on_type(streams[0].dtype, [&](auto tag) { predict_typed<decltype(tag)>(stream, streams, coefficients, predictions); });
}

void predict_backward(Stream stream, std::span<const ConstView> streams, ConstView coefficients,
                      std::span<const ConstView> dpredictions, std::span<const GradView> dstreams,
                      GradView dcoefficients) {
  on_type(streams[0].dtype, [&](auto tag) {
    predict_backward_typed<decltype(tag)>(stream, streams, coefficients, dpredictions, dstreams, dcoefficients);
  });
}

void correct(Stream stream, std::span<const ConstView> predictions, ConstView activated, ConstView coefficients,
             std::span<const View> corrected) {
  on_type(activated.dtype, [&](auto tag) {
    correct_typed<decltype(tag)>(stream, predictions, activated, coefficients, corrected);
  });
}

void correct_backward(Stream stream, ConstView prediction, ConstView activated, ConstView coefficients,
                      std::span<const ConstView> dcorrected, std::span<const GradView> dpredictions, GradView dactivated,
                      GradView dcoefficients) {
  on_type(activated.dtype, [&](auto tag) {
    correct_backward_typed<decltype(tag)>(stream, prediction, activated, coefficients, dcorrected, dpredictions,
                                          dactivated, dcoefficients);
  });
}

const bool registered = altup_kernels.add(Device::cuda, {.predict = predict,
                                                         .predict_backward = predict_backward,
                                                         .correct = correct,
                                                         .correct_backward = correct_backward});

}  // namespace
}  // namespace eft::cuda
