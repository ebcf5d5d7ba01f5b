#include "backend/cuda/reduce.cuh"
#include "ops/cross_entropy/cross_entropy.h"

namespace eft::cuda {
namespace {

DType gradient_dtype(DType hidden, DType weight) {
  return hidden == DType::bf16 && weight == DType::bf16 ? DType::bf16 : accumulator_of(hidden);
}

template <class T>
void gather_typed(Stream stream, ConstView from, const std::int64_t* rows, View to) {
  const std::int64_t width = from.shape[1];
  const T* source = in<T>(from);
  T* target = out<T>(to);
  for_each_row<T>(stream, "cross_entropy gather", to.shape, to.shape[0], width, [=] __device__(std::int64_t row) {
    for_row<T>(width, [&](std::int64_t i, int n) {
      store_n(load_n(source + rows[row] * width + i, n), target + row * width + i, n);
    });
  });
}

void gather(Stream stream, ConstView from, std::span<const std::int64_t> rows, View to) {
  const Uploaded<std::int64_t> device_rows(stream_of(stream), rows);
  on_type(from.dtype, [&](auto tag) { gather_typed<decltype(tag)>(stream, from, device_rows.data(), to); });
}

/// Caps the logits in place and returns the largest.
template <class A>
__device__ A cap_and_find_largest(A* logits, std::int64_t size, A softcap) {
  A largest = -INFINITY;
  for_row<A>(size, [&](std::int64_t i, int n) {
    Lanes<A> v = load_n(logits + i, n);
    for (int l = 0; l < n; ++l) {
      if (softcap > 0) v.v[l] = softcap * tanh(v.v[l] / softcap);
      largest = larger(largest, v.v[l]);
    }
    if (softcap > 0) store_n(v, logits + i, n);
  });
  return block_max(largest);
}

/// One row by the threads of a block: its loss, and where wanted its gradient, which may lie on the logits.
template <class A, class G>
__device__ void softmax_row(A softcap, double scale, A* logits, std::int64_t size, std::int64_t target, G* gradient,
                            double* row_loss) {
  const A largest = cap_and_find_largest(logits, size, softcap);
  __syncthreads();  // the capped logits are read by other threads
  double sum = 0;
  for_row<A>(size, [&](std::int64_t i, int n) {
    const Lanes<A> v = load_n(logits + i, n);
    A part = 0;
    for (int l = 0; l < n; ++l) part += exp(v.v[l] - largest);
    sum += static_cast<double>(part);
  });
  const auto chosen = static_cast<double>(logits[target]);
  sum = block_sum(sum);  // and everybody has read the chosen logit
  const double loss = log(sum) + (static_cast<double>(largest) - chosen);
  if (threadIdx.x == 0) *row_loss = loss;
  if (gradient == nullptr) return;
  const A factor = static_cast<A>(scale / sum), inverse = softcap > 0 ? 1 / softcap : A(0);
  for_row<A>(size, [&](std::int64_t i, int n) {
    const Lanes<A> v = load_n(logits + i, n);
    for (int l = 0; l < n; ++l) {
      const A bent = v.v[l] * inverse;  // 0 without a cap: slope 1
      A g = exp(v.v[l] - largest) * factor;
      if (i + l == target) g = static_cast<A>(scale * expm1(-loss));
      gradient[i + l] = narrow<G>(g * (1 - bent * bent));
    }
  });
}

template <class A, class G>
void softmax_rows(Stream stream, const CrossEntropySoftmax& s, View logits, std::span<const std::int32_t> targets,
                  View gradient, View losses) {
  const Uploaded<std::int32_t> device_targets(stream_of(stream), targets);
  const std::int64_t size = logits.shape[1];
  const std::int32_t* chosen = device_targets.data();
  A* scores = out<A>(logits);
  G* grads = out<G>(gradient);
  double* sums = out<double>(losses);
  const A softcap = static_cast<A>(s.softcap);
  const double scale = s.scale;
  for_each_row<A>(stream, "cross_entropy", logits.shape, logits.shape[0], size, [=] __device__(std::int64_t row) {
    softmax_row(softcap, scale, scores + row * size, size, chosen[row], grads == nullptr ? nullptr : grads + row * size,
                sums + row);
  });
}

void softmax(Stream stream, const CrossEntropySoftmax& s, View logits, std::span<const std::int32_t> targets,
             View gradient, View losses) {
  if (gradient && gradient.dtype == DType::bf16) {
    expect(logits.dtype == DType::f32, "f32 logits");
    return softmax_rows<float, __nv_bfloat16>(stream, s, logits, targets, gradient, losses);
  }
  expect(!gradient || gradient.dtype == logits.dtype, "a gradient in bf16 or the logits' dtype");
  if (logits.dtype == DType::f64) return softmax_rows<double, double>(stream, s, logits, targets, gradient, losses);
  expect(logits.dtype == DType::f32, "logits in the accumulator dtype");
  softmax_rows<float, float>(stream, s, logits, targets, gradient, losses);
}

template <class T>
void weigh_rows(Stream stream, const float* weights, View gradient) {
  const std::int64_t width = gradient.shape[1];
  T* values = out<T>(gradient);
  for_each_row<T>(stream, "cross_entropy weigh", gradient.shape, gradient.shape[0], width,
                  [=] __device__(std::int64_t row) {
                    const auto factor = static_cast<Sum<T>>(weights[row]);
                    for_row<T>(width, [&](std::int64_t i, int n) {
                      Lanes<T> v = load_n(values + row * width + i, n);
                      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] *= factor;
                      put_n(v, values + row * width + i, n, false);
                    });
                  });
}

void weigh(Stream stream, std::span<const float> weights, View gradient, View losses) {
  const Uploaded<float> device_weights(stream_of(stream), weights);
  const float* factors = device_weights.data();
  double* terms = out<double>(losses);
  for_each(stream, "cross_entropy weigh", losses.shape, losses.shape[0], 1,
           [=] __device__(std::int64_t i, int) { terms[i] *= factors[i]; });
  if (!gradient) return;
  on_type(gradient.dtype, [&](auto tag) { weigh_rows<decltype(tag)>(stream, factors, gradient); });
}

template <class T>
void scale_rows_typed(Stream stream, ConstView factors, View gradient) {
  const std::int64_t width = gradient.shape[1];
  const double* of_rows = in<double>(factors);
  T* values = out<T>(gradient);
  for_each_row<T>(stream, "cross_entropy scale rows", gradient.shape, gradient.shape[0], width,
                  [=] __device__(std::int64_t row) {
                    const auto factor = static_cast<Sum<T>>(of_rows[row]);
                    for_row<T>(width, [&](std::int64_t i, int n) {
                      Lanes<T> v = load_n(values + row * width + i, n);
                      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] *= factor;
                      put_n(v, values + row * width + i, n, false);
                    });
                  });
}

void scale_rows(Stream stream, ConstView factors, View gradient) {
  on_type(gradient.dtype, [&](auto tag) { scale_rows_typed<decltype(tag)>(stream, factors, gradient); });
}

template <class T>
void sum_typed(Stream stream, ConstView losses, double scale, View loss) {
  const double* terms = in<double>(losses);
  T* to = out<T>(loss);
  sum_of(
      stream, "cross_entropy sum", losses.shape, losses.shape[0], [=] __device__(std::int64_t i) { return terms[i]; },
      [=] __device__(double sum) { *to = narrow<T>(scale * sum); });
}

void sum(Stream stream, ConstView losses, double scale, View loss) {
  on_type(loss.dtype, [&](auto tag) { sum_typed<decltype(tag)>(stream, losses, scale, loss); });
}

template <class T>
void spread_typed(Stream stream, ConstView dy, double scale, GradView dlosses) {
  const T* factor = in<T>(dy);
  double* to = out<double>(dlosses.view);
  const bool accumulate = dlosses.accumulate;
  for_each(stream, "cross_entropy spread", dlosses.view.shape, dlosses.view.shape[0], 1,
           [=] __device__(std::int64_t i, int) {
             put(to + i, scale * static_cast<double>(widen(*factor)), accumulate);
           });
}

void spread(Stream stream, ConstView dy, double scale, GradView dlosses) {
  if (dlosses.view.shape.elements() == 0) return;
  on_type(dy.dtype, [&](auto tag) { spread_typed<decltype(tag)>(stream, dy, scale, dlosses); });
}

template <class T>
void scatter_typed(Stream stream, ConstView from, const std::int64_t* rows, ConstView dlosses, double expected,
                   GradView to) {
  const std::int64_t width = from.shape[1];
  const T* source = in<T>(from);
  T* target = out<T>(to);
  const double* gradients = in<double>(dlosses);
  const bool accumulate = to.accumulate;
  for_each_row<T>(stream, "cross_entropy scatter", from.shape, from.shape[0], width, [=] __device__(std::int64_t row) {
    const auto factor = static_cast<Sum<T>>(gradients == nullptr ? 1 : gradients[row] / expected);
    for_row<T>(width, [&](std::int64_t i, int n) {
      Lanes<T> v = load_n(source + row * width + i, n);
      for (int l = 0; l < Lanes<T>::kCount; ++l) v.v[l] *= factor;
      put_n(v, target + rows[row] * width + i, n, accumulate);
    });
  });
}

void scatter(Stream stream, ConstView from, std::span<const std::int64_t> rows, ConstView dlosses, double expected,
             GradView to) {
  expect(to.view.dtype == from.dtype, "a gradient of the value's dtype");
  if (!to.accumulate) device_clear(stream, to.view);
  const Uploaded<std::int64_t> device_rows(stream_of(stream), rows);
  on_type(from.dtype, [&](auto tag) { scatter_typed<decltype(tag)>(stream, from, device_rows.data(), dlosses, expected, to); });
}

const bool registered = cross_entropy_kernels.add(Device::cuda, {.block_bytes = std::int64_t{1} << 30,
                                                                 .gradient_dtype = gradient_dtype,
                                                                 .gather = gather,
                                                                 .softmax = softmax,
                                                                 .take_chunk = nullptr,
                                                                 .finish_chunks = nullptr,
                                                                 .weigh = weigh,
                                                                 .scale_rows = scale_rows,
                                                                 .sum = sum,
                                                                 .spread = spread,
                                                                 .scatter = scatter});

}  // namespace
}  // namespace eft::cuda
