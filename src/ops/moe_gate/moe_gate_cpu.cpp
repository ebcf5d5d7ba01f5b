#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/parallel.h"
#include "ops/moe_gate/moe_gate.h"

namespace eft {
namespace {

constexpr std::int64_t kTokensPerTask = 32;

struct Sizes {
  std::int64_t tokens, experts, top_k;
};

/// Chooses for one token: the experts into `chosen`, their shares of the chosen probability into `share`.
template <class T, class A>
void choose(const Sizes& s, const T* logits, std::vector<A>& probability, std::vector<std::int32_t>& order,
            std::int32_t* chosen, A* share) {
  A largest = static_cast<A>(logits[0]);
  for (std::int64_t e = 1; e < s.experts; ++e) largest = std::max(largest, static_cast<A>(logits[e]));
  A sum = 0;
  for (std::int64_t e = 0; e < s.experts; ++e) {
    probability[static_cast<std::size_t>(e)] = std::exp(static_cast<A>(logits[e]) - largest);
    sum += probability[static_cast<std::size_t>(e)];
  }
  for (A& p : probability) p /= sum;
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + s.top_k, order.end(), [&](std::int32_t a, std::int32_t b) {
    const A left = probability[static_cast<std::size_t>(a)], right = probability[static_cast<std::size_t>(b)];
    return left > right || (!(left < right) && a < b);
  });
  A kept = 0;
  for (std::int64_t j = 0; j < s.top_k; ++j) {
    chosen[j] = order[static_cast<std::size_t>(j)];
    share[j] = probability[static_cast<std::size_t>(chosen[j])];
    kept += share[j];
  }
  for (std::int64_t j = 0; j < s.top_k; ++j) share[j] /= kept;
}

/// Counting sort of the choices by expert.
void lay_out(const Sizes& s, const RoutingView& routing) {
  const std::int32_t* chosen = routing.chosen.as<std::int32_t>();
  std::int32_t* offsets = routing.offsets.as<std::int32_t>();
  std::fill_n(offsets, s.experts + 1, 0);
  const std::int64_t rows = s.tokens * s.top_k;
  for (std::int64_t i = 0; i < rows; ++i) ++offsets[chosen[i] + 1];
  for (std::int64_t e = 0; e < s.experts; ++e) offsets[e + 1] += offsets[e];
  std::vector<std::int32_t> next(offsets, offsets + s.experts);
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int32_t row = next[static_cast<std::size_t>(chosen[i])]++;
    routing.row.as<std::int32_t>()[i] = row;
    routing.source.as<std::int32_t>()[row] = static_cast<std::int32_t>(i);
  }
}

template <class T>
void forward_typed(const Sizes& s, ConstView logits, ConstView expert_scale, View share, View weights,
                   const RoutingView& routing) {
  using A = Accumulator<T>;
  parallel_for(s.tokens, kTokensPerTask, [&](std::int64_t begin, std::int64_t end) {
    std::vector<A> probability(static_cast<std::size_t>(s.experts));
    std::vector<std::int32_t> order(static_cast<std::size_t>(s.experts));
    for (std::int64_t t = begin; t < end; ++t) {
      std::int32_t* chosen = routing.chosen.as<std::int32_t>() + t * s.top_k;
      A* own = share.as<A>() + t * s.top_k;
      choose(s, logits.as<T>() + t * s.experts, probability, order, chosen, own);
      for (std::int64_t j = 0; j < s.top_k; ++j) {
        weights.as<A>()[t * s.top_k + j] = own[j] * static_cast<A>(expert_scale.as<T>()[chosen[j]]);
      }
    }
  });
  lay_out(s, routing);
}

void forward(Stream, ConstView logits, ConstView expert_scale, View share, View weights, const RoutingView& routing) {
  const Sizes s{logits.shape[0], logits.shape[1], share.shape[1]};
  dispatch(logits.dtype,
           [&](auto tag) { forward_typed<decltype(tag)>(s, logits, expert_scale, share, weights, routing); });
}

template <class T>
void add_to(T& to, Accumulator<T> value) {
  to = static_cast<T>(static_cast<Accumulator<T>>(to) + value);
}

template <class T>
void logit_gradient(const Sizes& s, ConstView expert_scale, ConstView share, const RoutingView& routing,
                    ConstView dweights, GradView dlogits) {
  using A = Accumulator<T>;
  for (std::int64_t t = 0; t < s.tokens; ++t) {
    const std::int32_t* chosen = routing.chosen.as<std::int32_t>() + t * s.top_k;
    const A* q = share.as<A>() + t * s.top_k;
    const A* dw = dweights.as<A>() + t * s.top_k;
    T* to = dlogits.view.as<T>() + t * s.experts;
    if (!dlogits.accumulate) std::fill_n(to, s.experts, T{});
    A mean = 0;
    for (std::int64_t j = 0; j < s.top_k; ++j) mean += q[j] * dw[j] * static_cast<A>(expert_scale.as<T>()[chosen[j]]);
    for (std::int64_t j = 0; j < s.top_k; ++j) {
      const A dq = dw[j] * static_cast<A>(expert_scale.as<T>()[chosen[j]]);
      add_to(to[chosen[j]], q[j] * (dq - mean));
    }
  }
}

/// A: the accumulator dtype of the shares; G: of the gradient.
template <class A, class G>
void scale_gradient(const Sizes& s, ConstView share, const RoutingView& routing, ConstView dweights, GradView dscale) {
  const std::int32_t* offsets = routing.offsets.as<std::int32_t>();
  for (std::int64_t e = 0; e < s.experts; ++e) {
    A sum = 0;
    for (std::int32_t row = offsets[e]; row < offsets[e + 1]; ++row) {
      const std::int32_t i = routing.source.as<std::int32_t>()[row];
      sum += share.as<A>()[i] * dweights.as<A>()[i];
    }
    G& to = dscale.view.as<G>()[e];
    if (!dscale.accumulate) to = G{};
    add_to(to, static_cast<Accumulator<G>>(sum));
  }
}

void backward(Stream, ConstView expert_scale, ConstView share, const RoutingView& routing, ConstView dweights,
              GradView dlogits, GradView dscale) {
  const Sizes s{share.shape[0], expert_scale.shape[0], share.shape[1]};
  if (dlogits) {
    dispatch(expert_scale.dtype,
             [&](auto tag) { logit_gradient<decltype(tag)>(s, expert_scale, share, routing, dweights, dlogits); });
  }
  if (!dscale) return;
  dispatch(dscale.view.dtype, [&](auto tag) {
    using G = decltype(tag);
    scale_gradient<Accumulator<G>, G>(s, share, routing, dweights, dscale);
  });
}

const bool registered = moe_gate_kernels.add(Device::cpu, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft
