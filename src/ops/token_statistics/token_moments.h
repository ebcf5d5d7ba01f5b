// The arithmetic of token_statistics on single rows. It is compiled for the host and for devices.
#pragma once

#include <cmath>
#include <cstdint>

#include "ops/token_statistics/token_statistics.h"

namespace eft {

/// What is known of a row of logits z after some pieces, e = exp(z − largest).
struct TokenMoments {
  double largest;
  double sum;       ///< Σ e
  double weighted;  ///< Σ e·z
  double squares;   ///< Σ e²
  double plain;     ///< Σ z
  double chosen;    ///< the target's logit, once it has passed
};
static_assert(sizeof(TokenMoments) == kTokenMoments * sizeof(double));

/// Makes the sums relative to a larger logit.
template <class T>
constexpr void raise(TokenMoments& m, T largest) {
  const T fade = m.sum == 0 ? T(1) : exp(m.largest - largest);
  m.sum *= fade;
  m.weighted *= fade;
  m.squares *= fade * fade;
  m.largest = largest;
}

template <class T>
constexpr void finish_moments(const TokenMoments& m, T vocabulary, T* statistics) {
  statistics[static_cast<int>(TokenStatistic::entropy)] = m.largest + log(m.sum) - m.weighted / m.sum;
  statistics[static_cast<int>(TokenStatistic::mean_logit)] = m.plain / vocabulary;
  statistics[static_cast<int>(TokenStatistic::hit)] = m.chosen >= m.largest ? 1 : 0;
  statistics[static_cast<int>(TokenStatistic::collision)] = log(m.squares) - 2 * log(m.sum);
}

}  // namespace eft
