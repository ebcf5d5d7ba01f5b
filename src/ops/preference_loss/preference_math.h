// The formulas of preference_loss on single numbers. They are compiled for the host and for devices.
#pragma once

#include <cmath>
#include <cstdint>

#include "ops/preference_loss/preference_terms.h"
#include "ops/token_statistics/token_statistics.h"

namespace eft::preference {

/// A loss, and its derivatives by the log-probabilities of the chosen and of the rejected answer.
struct PairTerm {
  double loss, chosen, rejected;
};

template <class T>
constexpr T sigmoid(T x) {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}

template <class T>
constexpr T log_sigmoid(T x) {
  return x >= 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

/// σ'(x)
template <class T>
constexpr T slope(T x) {
  return sigmoid(x) * sigmoid(-x);
}

/// log(1 − eˣ) of a negative x, by the better of its two forms.
template <class T>
constexpr T log_of_rest(T x) {
  return x < -0.6931471805599453 ? log1p(-exp(x)) : log(-expm1(x));
}

/// −(1 − ε) log σ(s) − ε log σ(−s) for s = β·delta, with its derivative by delta.
template <class T>
constexpr PairTerm smooth_sigmoid(T delta, double beta, double smoothing) {
  const T s = beta * delta;
  const T d = -beta * ((1 - smoothing) * sigmoid(-s) - smoothing * sigmoid(s));
  return {-(1 - smoothing) * log_sigmoid(s) - smoothing * log_sigmoid(-s), d, -d};
}

template <class T>
constexpr PairTerm discopop(T s, double beta) {
  constexpr double kTau = 0.05;  // TRL's, which no key of Axolotl changes
  const T m = sigmoid(s / kTau), e = exp(-s);
  const T d = beta * (-(1 - m) * sigmoid(-s) - m * e + m * (1 - m) / kTau * (e + log_sigmoid(s)));
  return {(1 - m) * -log_sigmoid(s) + m * e, d, -d};
}

template <class T>
constexpr PairTerm exo_pair(T s, double beta, double smoothing) {
  const T first = log1p(-static_cast<T>(smoothing)), second = log(static_cast<T>(smoothing));
  const T d = beta * slope(s) * (s - (first - second));
  return {sigmoid(s) * (log_sigmoid(s) - first) + sigmoid(-s) * (log_sigmoid(-s) - second), d, -d};
}

template <class T>
constexpr PairTerm robust(T s, double beta, double smoothing) {
  const T share = 1 / (1 - 2 * static_cast<T>(smoothing));
  const T d = -beta * ((1 - smoothing) * sigmoid(-s) + smoothing * sigmoid(s)) * share;
  return {(-(1 - smoothing) * log_sigmoid(s) + smoothing * log_sigmoid(-s)) * share, d, -d};
}

/// The odds ratio of mean log-probabilities a and b, of answers with n and m tokens.
template <class T>
constexpr T log_odds(T a, T b) {
  return (a - b) - (log_of_rest(a) - log_of_rest(b));
}

template <class T>
constexpr PairTerm odds_ratio(T a, T b, double n, double m, double beta) {
  const T o = log_odds(a, b);
  const T d = -beta * sigmoid(-o);
  return {-beta * log_sigmoid(o), d / -expm1(a) / n, -d / -expm1(b) / m};
}

/// A loss that looks at one pair. c and r: the answers' log-probabilities less the reference's; n and m: their tokens.
template <class T>
constexpr PairTerm pair_term(PairLoss kind, T c, T r, double n, double m, const PairLossOptions& o) {
  const double beta = o.beta;
  const T s = beta * (c - r), x = beta * c, y = beta * r;
  switch (kind) {
    case PairLoss::sigmoid:
      return smooth_sigmoid(c - r, beta, 0);
    case PairLoss::smooth_sigmoid:
      return smooth_sigmoid(c - r, beta, o.label_smoothing);
    case PairLoss::hinge:
      return s < 1 ? PairTerm{1 - s, -beta, beta} : PairTerm{0, 0, 0};
    case PairLoss::ipo: {
      const T u = c / n - r / m - 1 / (2 * beta);
      return {u * u, 2 * u / n, -2 * u / m};
    }
    case PairLoss::robust:
      return robust(s, beta, o.label_smoothing);
    case PairLoss::exo_pair:
      return exo_pair(s, beta, o.label_smoothing);
    case PairLoss::nca_pair:
      return {-log_sigmoid(x) - log_sigmoid(-x) / 2 - log_sigmoid(-y) / 2, beta * (sigmoid(x) / 2 - sigmoid(-x)),
              beta * sigmoid(y) / 2};
    case PairLoss::bco_pair:
      return {-log_sigmoid(x) - log_sigmoid(-y), -beta * sigmoid(-x), beta * sigmoid(y)};
    case PairLoss::sppo_hard: {
      const T u = c - 0.5 / beta, v = r + 0.5 / beta;
      return {u * u + v * v, 2 * u, 2 * v};
    }
    case PairLoss::apo_zero:
      return {sigmoid(-x) + sigmoid(y), -beta * slope(x), beta * slope(y)};
    case PairLoss::apo_down:
      return {sigmoid(x) + sigmoid(-s), beta * (slope(x) - slope(s)), beta * slope(s)};
    case PairLoss::discopop:
      return discopop(s, beta);
    case PairLoss::sigmoid_norm: {
      const PairTerm term = smooth_sigmoid(c / n - r / m, beta, 0);
      return {term.loss, term.chosen / n, term.rejected / m};
    }
    case PairLoss::simpo: {
      const PairTerm term = smooth_sigmoid(c / n - r / m - o.gamma / beta, beta, o.label_smoothing);
      return {term.loss, term.chosen / n, term.rejected / m};
    }
    case PairLoss::odds_ratio:
      return odds_ratio(c / n, r / m, n, m, beta);
    default:
      return {0, 0, 0};  // of several pairs
  }
}

/// What a kernel of pairs reads and writes; all of it lies where it runs.
struct PairArguments {
  const double* logps;      ///< [pairs, stride]: perhaps the prompt, then the chosen and the rejected answer
  const double* reference;  ///< [pairs, 2]; null: zeros
  const double*
      statistics;  ///< sums over the tokens of each of logps, [pairs, stride, kTokenStatistics]; null: weights 1
  const std::int32_t* counts;  ///< tokens of each of logps
  std::int64_t pairs;
  std::int64_t stride;
  double scale;
  double* loss;
  double* gradient;  ///< [pairs, stride]
  double* metrics;   ///< [kPairMetrics]
  double* scratch;   ///< [pairs]

  /// Where the answers of a pair stand.
  constexpr std::int64_t at_chosen(std::int64_t i) const { return i * stride + stride - 2; }
  constexpr std::int64_t at_rejected(std::int64_t i) const { return i * stride + stride - 1; }
  constexpr double of_reference(std::int64_t i) const { return reference != nullptr ? reference[i] : 0; }
  constexpr double chosen(std::int64_t i) const { return logps[at_chosen(i)] - of_reference(2 * i); }
  constexpr double rejected(std::int64_t i) const { return logps[at_rejected(i)] - of_reference(2 * i + 1); }
  /// Tokens of an answer, to divide by.
  constexpr double count(std::int64_t at) const { return counts[at] > 0 ? counts[at] : 1; }
};

/// How likely an answer is under the policy beside what it could have said there: exp of the mean over its tokens of
/// log p − log Σ p² (Zhou et al., 2024).
template <class T = double>
constexpr T likelihood(const PairArguments& a, std::int64_t at) {
  const T collision = a.statistics[at * kTokenStatistics + static_cast<int>(TokenStatistic::collision)];
  return exp((a.logps[at] - collision) / a.count(at));
}

/// What the loss of a pair is multiplied by; a constant for the gradient.
template <class T = double>
constexpr T weight_of_pair(const PairArguments& a, std::int64_t i) {
  return a.statistics == nullptr ? T(1) : likelihood(a, a.at_chosen(i)) * likelihood(a, a.at_rejected(i));
}

/// Where the i-th of `values(0…count)` stands when they are sorted.
template <class Values>
constexpr std::int64_t rank_of(std::int64_t i, std::int64_t count, const Values& values) {
  std::int64_t rank = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    if (values(j) < values(i) || (values(j) == values(i) && j < i)) ++rank;
  }
  return rank;
}

/// Both lists are sorted and paired by rank; each difference belongs to the pair that its first part came from, and to
/// the one that its second part did.
template <class First, class Second, class Give>
constexpr double sorted_loss(const PairArguments& a, const PairLossOptions& o, const First& first, const Second& second,
                             const Give& give) {
  double loss = 0;
  for (std::int64_t j = 0; j < a.pairs; ++j) a.scratch[rank_of(j, a.pairs, second)] = static_cast<double>(j);
  for (std::int64_t i = 0; i < a.pairs; ++i) {
    const auto j = static_cast<std::int64_t>(a.scratch[rank_of(i, a.pairs, first)]);
    const PairTerm term = smooth_sigmoid(first(i) - second(j), o.beta, o.label_smoothing);
    loss += term.loss;
    give(i, j, term.chosen);
  }
  return loss;
}

/// Σ of one kind of loss over the pairs; adds weight times its derivatives to the gradient.
template <class T>
constexpr T loss_of_pairs(PairLoss kind, const PairArguments& a, const PairLossOptions& o, T weight) {
  const auto chosen = [&](std::int64_t i) { return a.chosen(i); };
  const auto rejected = [&](std::int64_t i) { return a.rejected(i); };
  const auto policy = [&](std::int64_t i) { return a.logps[a.at_chosen(i)] - a.logps[a.at_rejected(i)]; };
  const auto reference = [&](std::int64_t i) { return a.of_reference(2 * i) - a.of_reference(2 * i + 1); };
  if (kind == PairLoss::aot) {
    return sorted_loss(a, o, policy, reference, [&](std::int64_t i, std::int64_t, double d) {
      a.gradient[a.at_chosen(i)] += weight * d;
      a.gradient[a.at_rejected(i)] -= weight * d;
    });
  }
  if (kind == PairLoss::aot_unpaired) {
    return sorted_loss(a, o, chosen, rejected, [&](std::int64_t i, std::int64_t j, double d) {
      a.gradient[a.at_chosen(i)] += weight * d;
      a.gradient[a.at_rejected(j)] -= weight * d;
    });
  }
  T loss = 0;
  for (std::int64_t i = 0; i < a.pairs; ++i) {
    const std::int64_t at = a.at_chosen(i);
    const T w = weight_of_pair(a, i);
    const PairTerm term = pair_term<T>(kind, a.chosen(i), a.rejected(i), a.count(at), a.count(at + 1), o);
    loss += w * term.loss;
    a.gradient[at] += weight * w * term.chosen;
    a.gradient[at + 1] += weight * w * term.rejected;
  }
  return loss;
}

/// The mean cross-entropy of all tokens of the chosen answers together, with their prompts where there are sums of
/// them.
template <class T>
constexpr T mean_cross_entropy(const PairArguments& a, T weight) {
  T tokens = 0, sum = 0;
  for (std::int64_t i = 0; i < a.pairs; ++i) {
    for (std::int64_t at = i * a.stride; at <= a.at_chosen(i); ++at) {
      tokens += a.counts[at];
      sum -= a.logps[at];
    }
  }
  tokens = tokens > 0 ? tokens : 1;
  for (std::int64_t i = 0; i < a.pairs; ++i) {
    for (std::int64_t at = i * a.stride; at <= a.at_chosen(i); ++at) a.gradient[at] -= weight / tokens;
  }
  return sum / tokens;
}

/// Means over the pairs.
template <class T>
constexpr void measure(const PairArguments& a, const PairLossOptions& o, T cross_entropy) {
  for (int k = 0; k < kPairMetrics; ++k) a.metrics[k] = 0;
  const auto put = [&](PairMetric which, T value) {
    a.metrics[static_cast<int>(which)] += value / static_cast<T>(a.pairs);
  };
  for (std::int64_t i = 0; i < a.pairs; ++i) {
    const T n = a.count(a.at_chosen(i)), m = a.count(a.at_rejected(i));
    const T better = o.beta * a.chosen(i) / (o.means ? n : 1), worse = o.beta * a.rejected(i) / (o.means ? m : 1);
    const T chosen = a.logps[a.at_chosen(i)], rejected = a.logps[a.at_rejected(i)];
    const T odds = log_odds(chosen / n, rejected / m);
    put(PairMetric::chosen_reward, better);
    put(PairMetric::rejected_reward, worse);
    put(PairMetric::accuracy, better > worse ? 1 : 0);
    put(PairMetric::margin, better - worse);
    put(PairMetric::chosen_logp, chosen / (o.means ? n : 1));
    put(PairMetric::rejected_logp, rejected / (o.means ? m : 1));
    put(PairMetric::log_odds_ratio, log_sigmoid(odds));
    put(PairMetric::log_odds, odds);
  }
  a.metrics[static_cast<int>(PairMetric::cross_entropy)] = cross_entropy;
}

/// All of a micro batch of pairs, by one thread.
template <class T = double>
constexpr void compute_pairs(const PairArguments& a, const PairLossOptions& o) {
  const T pairs = a.pairs > 0 ? static_cast<T>(a.pairs) : 1;
  T loss = 0, cross_entropy = 0, mean_weight = 0;
  for (std::int64_t i = 0; i < a.pairs; ++i) mean_weight += weight_of_pair(a, i) / pairs;
  for (std::int64_t i = 0; i < a.pairs * a.stride; ++i) a.gradient[i] = 0;
  for (int k = 0; k < kPairLosses; ++k) {
    const T weight = o.weights[k] * a.scale;
    if (weight == 0) continue;
    const auto kind = static_cast<PairLoss>(k);
    if (kind == PairLoss::sft) {
      cross_entropy = mean_cross_entropy<T>(a, weight * mean_weight);
      loss += weight * mean_weight * cross_entropy;
    } else {
      loss += weight * loss_of_pairs<T>(kind, a, o, weight / pairs) / pairs;
    }
  }
  *a.loss = loss;
  measure<T>(a, o, cross_entropy);
}

/// What a kernel of single answers reads and writes.
struct AnswerArguments {
  const double* logps;      ///< [answers]
  const double* reference;  ///< [answers]
  const double* shifted;    ///< [answers], of the answers of others behind the prompts
  const double* shifted_reference;
  const std::int32_t* good;  ///< 1 or 0
  std::int64_t answers;
  double scale;
  double* loss;
  double* gradient;  ///< [answers]
  double* metrics;   ///< [kAnswerMetrics]
};

/// KTO of a micro batch, by one thread. What no answer tells is not a number.
template <class T = double>
constexpr void compute_answers(const AnswerArguments& a, const AnswerLossOptions& o) {
  const T count = a.answers > 0 ? static_cast<T>(a.answers) : 1;
  T divergence = 0, loss = 0;
  for (std::int64_t i = 0; i < a.answers; ++i) divergence += (a.shifted[i] - a.shifted_reference[i]) / count;
  if (divergence < 0) divergence = 0;
  T answers[2] = {0, 0}, rewards[2] = {0, 0}, logps[2] = {0, 0};
  for (std::int64_t i = 0; i < a.answers; ++i) {
    const int good = a.good[i] != 0 ? 1 : 0;
    const T sign = good != 0 ? 1 : -1, weight = a.scale / count * (good != 0 ? o.desirable : o.undesirable);
    const T q = a.logps[i] - a.reference[i], s = sign * o.beta * (q - divergence);
    loss += weight * sigmoid(-s);
    a.gradient[i] = -weight * sign * o.beta * slope(s);
    answers[good] += 1;
    rewards[good] += o.beta * q;
    logps[good] += a.logps[i];
  }
  *a.loss = loss;
  const auto put = [&](AnswerMetric which, T value) { a.metrics[static_cast<int>(which)] = value; };
  put(AnswerMetric::chosen_reward, rewards[1] / answers[1]);
  put(AnswerMetric::rejected_reward, rewards[0] / answers[0]);
  put(AnswerMetric::margin, rewards[1] / answers[1] - rewards[0] / answers[0]);
  put(AnswerMetric::chosen_logp, logps[1] / answers[1]);
  put(AnswerMetric::rejected_logp, logps[0] / answers[0]);
  put(AnswerMetric::divergence, divergence);
}

}  // namespace eft::preference
