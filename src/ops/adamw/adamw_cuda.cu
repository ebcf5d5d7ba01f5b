#include <cmath>

#include "backend/cuda/flat_list.cuh"
#include "backend/cuda/reduce.cuh"
#include "ops/adamw/adamw.h"

namespace eft::cuda {
namespace {

/// The step's constants in the dtype of the update.
template <class A>
struct Constants {
  A beta1, rest1, beta2, rest2, keep, rate, root, epsilon, gradient_scale;

  explicit Constants(const AdamwStep& s)
      : beta1(static_cast<A>(s.beta1)),
        rest1(static_cast<A>(1.0 - s.beta1)),
        beta2(static_cast<A>(s.beta2)),
        rest2(static_cast<A>(1.0 - s.beta2)),
        keep(static_cast<A>(1.0 - s.learning_rate * s.weight_decay)),
        rate(static_cast<A>(s.learning_rate / (1.0 - std::pow(s.beta1, static_cast<double>(s.step))))),
        root(static_cast<A>(1.0 / std::sqrt(1.0 - std::pow(s.beta2, static_cast<double>(s.step))))),
        epsilon(static_cast<A>(s.epsilon)),
        gradient_scale(static_cast<A>(s.gradient_scale)) {}
};

/// A parameter in the table of a launch.
template <class A>
struct Updated {
  const A* gradient;
  A *exact, *first_moment, *second_moment;
  __nv_bfloat16* rounded;
  A clip;
  std::int64_t count, first = 0;

  explicit Updated(const AdamwTensors& t)
      : gradient(in<A>(t.gradient)),
        exact(out<A>(t.exact)),
        first_moment(out<A>(t.first)),
        second_moment(out<A>(t.second)),
        rounded(out<__nv_bfloat16>(t.rounded)),
        clip(static_cast<A>(t.clip)),
        count(t.exact.shape.elements()) {}
};

/// p ← p·(1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε) for n elements from i on.
template <class A>
__device__ __forceinline__ void update_lanes(const Constants<A>& c, const Updated<A>& t, std::int64_t i, int n) {
  const Lanes<A> grad = load_n(t.gradient + i, n);
  Lanes<A> value = load_n(t.exact + i, n), mean = load_n(t.first_moment + i, n),
           square = load_n(t.second_moment + i, n);
  for (int l = 0; l < Lanes<A>::kCount; ++l) {
    const A scaled = grad.v[l] * c.gradient_scale;
    mean.v[l] = mean.v[l] * c.beta1 + scaled * c.rest1;
    square.v[l] = square.v[l] * c.beta2 + scaled * scaled * c.rest2;
    const A moved = value.v[l] * c.keep - mean.v[l] * c.rate / (sqrt(square.v[l]) * c.root + c.epsilon);
    value.v[l] = t.clip > 0 ? (moved > t.clip ? t.clip : moved < -t.clip ? -t.clip : moved) : moved;
  }
  store_n(mean, t.first_moment + i, n);
  store_n(square, t.second_moment + i, n);
  store_n(value, t.exact + i, n);
  if (t.rounded == nullptr) return;
  for (int l = 0; l < n; ++l) t.rounded[i + l] = narrow<__nv_bfloat16>(value.v[l]);
}

template <class A>
void update_typed(Stream stream, const AdamwStep& step, DType dtype, std::span<const AdamwTensors> parameters) {
  FlatList<Updated<A>> list;
  for (const AdamwTensors& tensors : parameters) {
    if (tensors.exact.dtype == dtype) list.add(Updated<A>(tensors));
  }
  const Constants<A> c(step);
  for_each_chunk(stream, "adamw", list,
                 [=] __device__(const Updated<A>& t, std::int64_t begin, std::int64_t end, std::int64_t) {
                   for_row<A>(end - begin, [&](std::int64_t i, int n) { update_lanes(c, t, begin + i, n); });
                 });
}

void update(Stream stream, const AdamwStep& step, std::span<const AdamwTensors> parameters) {
  update_typed<double>(stream, step, DType::f64, parameters);
  update_typed<float>(stream, step, DType::f32, parameters);
}

/// A gradient in the table of a launch.
template <class T>
struct Squared {
  const T* gradient;
  std::int64_t count, first = 0;
};

template <class T>
FlatList<Squared<T>> gradients_of(DType dtype, std::span<const ConstView> gradients) {
  FlatList<Squared<T>> list;
  for (const ConstView& gradient : gradients) {
    if (gradient.dtype == dtype) list.add({in<T>(gradient), gradient.shape.elements()});
  }
  return list;
}

/// sums[chunk] = Σ gradient² over the chunk.
template <class T>
void square_chunks(Stream stream, const FlatList<Squared<T>>& list, double* sums) {
  for_each_chunk(stream, "squared_norm", list,
                 [=] __device__(const Squared<T>& t, std::int64_t begin, std::int64_t end, std::int64_t chunk) {
                   double sum = 0;
                   for_row<T>(end - begin, [&](std::int64_t i, int n) {
                     const Lanes<T> v = load_n(t.gradient + begin + i, n);
                     for (int l = 0; l < Lanes<T>::kCount; ++l) {
                       sum += static_cast<double>(v.v[l]) * static_cast<double>(v.v[l]);
                     }
                   });
                   sum = block_sum(sum);
                   if (threadIdx.x == 0) sums[chunk] = sum;
                 });
}

double squared_norm(Stream stream, std::span<const ConstView> gradients) {
  const auto wide = gradients_of<double>(DType::f64, gradients);
  const auto plain = gradients_of<float>(DType::f32, gradients);
  const auto narrow = gradients_of<__nv_bfloat16>(DType::bf16, gradients);
  const std::int64_t chunks = wide.chunks() + plain.chunks() + narrow.chunks();
  if (chunks == 0) return 0;
  const cudaStream_t queue = stream_of(stream);
  const Scratch scratch((chunks + 1) * static_cast<std::int64_t>(sizeof(double)));
  double *const total = scratch.as<double>(), *const sums = total + 1;
  square_chunks(stream, wide, sums);
  square_chunks(stream, plain, sums + wide.chunks());
  square_chunks(stream, narrow, sums + wide.chunks() + plain.chunks());
  sum_of(
      stream, "squared_norm", Shape{chunks}, chunks, [=] __device__(std::int64_t i) { return sums[i]; },
      [=] __device__(double sum) { *total = sum; });
  double result = 0;
  copy_to_host(queue, &result, total, sizeof result);
  return result;
}

const bool registered = adamw_kernels.add(Device::cuda, {.update = update, .squared_norm = squared_norm});

}  // namespace
}  // namespace eft::cuda
