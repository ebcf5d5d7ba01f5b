// The arithmetic of AdamW on a GPU, whatever its moments are kept in.
#pragma once

#include <cmath>

#include "ops/adamw/adamw.h"
#include "ops/parameter_update/parameter_update.cuh"

namespace eft::cuda {

/// A step's constants in the dtype of the update.
template <class A>
struct AdamwConstants {
  A beta1, rest1, beta2, rest2, root, epsilon, gradient_scale;

  explicit AdamwConstants(const AdamwStep& s)
      : beta1(static_cast<A>(s.beta1)),
        rest1(static_cast<A>(1.0 - s.beta1)),
        beta2(static_cast<A>(s.beta2)),
        rest2(static_cast<A>(1.0 - s.beta2)),
        root(static_cast<A>(1.0 / std::sqrt(1.0 - std::pow(s.beta2, static_cast<double>(s.step))))),
        epsilon(static_cast<A>(s.epsilon)),
        gradient_scale(static_cast<A>(s.gradient_scale)) {}
};

/// A parameter in the table of a launch; the kernel adds what its moments are kept in.
template <class A>
struct AdamwParameter : UpdatedParameter<A> {
  A keep, rate;

  AdamwParameter(const AdamwStep& s, const ParameterUpdate& p)
      : UpdatedParameter<A>(p),
        keep(static_cast<A>(1.0 - p.learning_rate * p.weight_decay)),
        rate(static_cast<A>(p.learning_rate / (1.0 - std::pow(s.beta1, static_cast<double>(s.step))))) {}
};

/// Moves both moments of n elements from i on by their gradients, and the values to
/// p·(1 − lr·wd) − lr/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε).
template <class A>
__device__ __forceinline__ void move_lanes(const AdamwConstants<A>& c, const AdamwParameter<A>& t, Lanes<A>& mean,
                                           Lanes<A>& square, std::int64_t i, int n) {
  const Lanes<A> grad = load_n(t.gradient + i, n);
  Lanes<A> value = load_n(t.exact + i, n);
  for (int l = 0; l < Lanes<A>::kCount; ++l) {
    const A scaled = grad.v[l] * c.gradient_scale;
    mean.v[l] = mean.v[l] * c.beta1 + scaled * c.rest1;
    square.v[l] = square.v[l] * c.beta2 + scaled * scaled * c.rest2;
    value.v[l] = value.v[l] * t.keep - mean.v[l] * t.rate / (sqrt(square.v[l]) * c.root + c.epsilon);
  }
  finish_n(t, value, i, n);
}

}  // namespace eft::cuda
