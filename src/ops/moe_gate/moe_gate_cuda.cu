#include "backend/cuda/rows.cuh"
#include "ops/moe_gate/moe_gate.h"

namespace eft::cuda {
namespace {

struct Sizes {
  std::int64_t tokens, experts, top_k;
};

/// One thread chooses for one token: each choice is the best of those behind the one before, equals by number.
template <class T>
void choose(Stream stream, const Sizes& sizes, ConstView logits, ConstView expert_scale, View share, View weights,
            const RoutingView& routing) {
  using A = Sum<T>;
  const Sizes s = sizes;
  const T *scores = in<T>(logits), *scales = in<T>(expert_scale);
  A *shares = out<A>(share), *factors = out<A>(weights);
  std::int32_t* choices = out<std::int32_t>(routing.chosen);
  for_each(stream, "moe_gate", logits.shape, s.tokens, 1, [=] __device__(std::int64_t t, int) {
    const T* row = scores + t * s.experts;
    std::int32_t* chosen = choices + t * s.top_k;
    A* own = shares + t * s.top_k;
    A largest = 0, before = 0, kept = 0;
    std::int32_t last = -1;
    for (std::int64_t j = 0; j < s.top_k; ++j) {
      std::int32_t best = -1;
      A top = 0;
      for (std::int32_t e = 0; e < static_cast<std::int32_t>(s.experts); ++e) {
        const A v = widen(row[e]);
        const bool behind = j == 0 || v < before || (v == before && e > last);
        if (!behind || (best >= 0 && !(v > top))) continue;
        best = e;
        top = v;
      }
      if (best < 0) best = static_cast<std::int32_t>(j);  // NaN among the logits: any valid choice, the weights tell
      if (j == 0) largest = top;
      before = top;
      last = best;
      chosen[j] = best;
      own[j] = exp(widen(row[best]) - largest);
      kept += own[j];
    }
    for (std::int64_t j = 0; j < s.top_k; ++j) {
      own[j] /= kept;
      factors[t * s.top_k + j] = own[j] * widen(scales[chosen[j]]);
    }
  });
}

/// counts[e] = how many choices fell on expert e; one block each.
void count_choices(Stream stream, const Sizes& sizes, const RoutingView& routing) {
  const std::int64_t rows = sizes.tokens * sizes.top_k;
  const std::int32_t* chosen = in<std::int32_t>(routing.chosen);
  std::int32_t* offsets = out<std::int32_t>(routing.offsets);
  for_each_row<double>(stream, "moe_gate count", routing.chosen.shape, sizes.experts, 512,
                       [=] __device__(std::int64_t e) {
                         int count = 0;
                         for (std::int64_t i = threadIdx.x; i < rows; i += blockDim.x) count += chosen[i] == e ? 1 : 0;
                         count = block_sum(count);
                         if (threadIdx.x == 0) offsets[e + 1] = count;
                       });
  const std::int64_t experts = sizes.experts;
  for_each(stream, "moe_gate offsets", routing.offsets.shape, 1, 1, [=] __device__(std::int64_t, int) {
    offsets[0] = 0;
    for (std::int64_t e = 0; e < experts; ++e) offsets[e + 1] += offsets[e];
  });
}

/// The place of every choice: one warp for each expert walks over all choices in order.
void place_choices(Stream stream, const Sizes& sizes, const RoutingView& routing) {
  const std::int64_t rows = sizes.tokens * sizes.top_k;
  const std::int32_t *chosen = in<std::int32_t>(routing.chosen), *offsets = in<std::int32_t>(routing.offsets);
  std::int32_t *row = out<std::int32_t>(routing.row), *source = out<std::int32_t>(routing.source);
  for_each_row<double>(stream, "moe_gate rows", routing.chosen.shape, sizes.experts, 1, [=] __device__(std::int64_t e) {
    std::int32_t next = offsets[e];
    for (std::int64_t begin = 0; begin < rows; begin += 32) {
      const std::int64_t i = begin + threadIdx.x;
      const bool own = i < rows && chosen[i] == e;
      const unsigned owners = __ballot_sync(0xffffffffU, own);
      const std::int32_t place = next + __popc(owners & ((1U << threadIdx.x) - 1));
      if (own) {
        row[i] = place;
        source[place] = static_cast<std::int32_t>(i);
      }
      next += __popc(owners);
    }
  });
}

void forward(Stream stream, ConstView logits, ConstView expert_scale, View share, View weights,
             const RoutingView& routing) {
  const Sizes s{logits.shape[0], logits.shape[1], share.shape[1]};
  on_type(logits.dtype,
          [&](auto tag) { choose<decltype(tag)>(stream, s, logits, expert_scale, share, weights, routing); });
  count_choices(stream, s, routing);
  place_choices(stream, s, routing);
}

template <class T>
void logit_gradient(Stream stream, const Sizes& sizes, ConstView expert_scale, ConstView share,
                    const RoutingView& routing, ConstView dweights, GradView dlogits) {
  using A = Sum<T>;
  if (!dlogits.accumulate) device_clear(stream, dlogits.view);
  const Sizes s = sizes;
  const T* scales = in<T>(expert_scale);
  const A *shares = in<A>(share), *dfactors = in<A>(dweights);
  const std::int32_t* choices = in<std::int32_t>(routing.chosen);
  T* to = out<T>(dlogits);
  for_each(stream, "moe_gate backward", share.shape, s.tokens, 1, [=] __device__(std::int64_t t, int) {
    const std::int64_t first = t * s.top_k;
    A mean = 0;
    for (std::int64_t j = first; j < first + s.top_k; ++j) mean += shares[j] * dfactors[j] * widen(scales[choices[j]]);
    for (std::int64_t j = first; j < first + s.top_k; ++j) {
      const A dq = dfactors[j] * widen(scales[choices[j]]);
      put(to + t * s.experts + choices[j], shares[j] * (dq - mean), true);
    }
  });
}

template <class G>
void scale_gradient(Stream stream, const Sizes& s, ConstView share, const RoutingView& routing, ConstView dweights,
                    GradView dscale) {
  using A = Sum<G>;
  const A *shares = in<A>(share), *dfactors = in<A>(dweights);
  const std::int32_t *offsets = in<std::int32_t>(routing.offsets), *source = in<std::int32_t>(routing.source);
  G* to = out<G>(dscale);
  const bool accumulate = dscale.accumulate;
  for_each_row<double>(stream, "moe_gate backward", share.shape, s.experts, 512, [=] __device__(std::int64_t e) {
    A part = 0;
    for (std::int32_t row = offsets[e] + static_cast<std::int32_t>(threadIdx.x); row < offsets[e + 1];
         row += static_cast<std::int32_t>(blockDim.x)) {
      part += shares[source[row]] * dfactors[source[row]];
    }
    const A sum = block_sum(part);
    if (threadIdx.x == 0) put(to + e, sum, accumulate);
  });
}

void backward(Stream stream, ConstView expert_scale, ConstView share, const RoutingView& routing, ConstView dweights,
              GradView dlogits, GradView dscale) {
  const Sizes s{share.shape[0], expert_scale.shape[0], share.shape[1]};
  if (dlogits) {
    on_type(expert_scale.dtype, [&](auto tag) {
      logit_gradient<decltype(tag)>(stream, s, expert_scale, share, routing, dweights, dlogits);
    });
  }
  if (!dscale) return;
  on_type(dscale.view.dtype,
          [&](auto tag) { scale_gradient<decltype(tag)>(stream, s, share, routing, dweights, dscale); });
}

const bool registered = moe_gate_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
