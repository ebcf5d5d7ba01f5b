#pragma once

namespace eft {

/// Losses of pairs of answers, as TRL's trainers name and compute them. With c and r the log-probabilities π of the
/// chosen and the rejected answer less the reference's, n and m their tokens, Δ = c − r, s = βΔ, x = βc, y = βr,
/// ε the label smoothing, and the mean over the pairs of a micro batch of each:
enum class PairLoss {
  sigmoid,         ///< −log σ(s) (Rafailov et al., 2023)
  hinge,           ///< max(0, 1 − s)
  ipo,             ///< (c/n − r/m − 1/(2β))²
  robust,          ///< (−(1 − ε) log σ(s) + ε log σ(−s)) / (1 − 2ε)
  exo_pair,        ///< σ(s)(log σ(s) − log(1 − ε)) + σ(−s)(log σ(−s) − log ε)
  nca_pair,        ///< −log σ(x) − ½ log σ(−x) − ½ log σ(−y)
  bco_pair,        ///< −log σ(x) − log σ(−y)
  sppo_hard,       ///< (c − ½/β)² + (r + ½/β)²
  aot,             ///< smooth_sigmoid of π⁺ − π⁻ against the reference's, each sorted over the micro batch
  aot_unpaired,    ///< the same of c against r
  apo_zero,        ///< 1 − σ(x) + σ(y)
  apo_down,        ///< σ(x) + 1 − σ(s)
  discopop,        ///< (1 − k)(−log σ(s)) + k·exp(−s) with k = σ(s/0.05)
  sft,             ///< mean cross-entropy over the tokens of all chosen answers, with their prompts where given
  sigmoid_norm,    ///< −log σ(β(c/n − r/m))
  smooth_sigmoid,  ///< −(1 − ε) log σ(s) − ε log σ(−s), as CPO has it
  simpo,           ///< the same of s = β(c/n − r/m) − γ
  odds_ratio,      ///< −β log σ(o), o the log odds of c/n against those of r/m (ORPO)
};
inline constexpr int kPairLosses = 18;

struct PairLossOptions {
  double weights[kPairLosses] = {};  ///< of each loss; those with 0 are not computed
  double beta = 0.1;
  double label_smoothing = 0;
  double gamma = 0;    ///< margin of simpo
  bool means = false;  ///< whether rewards and log-probabilities are told for a token, not for an answer
};

/// Means over the pairs of a micro batch; a reward is β times what the loss sees of an answer.
enum class PairMetric {
  chosen_reward,
  rejected_reward,
  accuracy,  ///< share of pairs whose chosen reward is the larger one
  margin,
  chosen_logp,
  rejected_logp,
  cross_entropy,  ///< that of PairLoss::sft, 0 without it
  log_odds_ratio,
  log_odds,
};
inline constexpr int kPairMetrics = 9;

/// KTO (Ethayarajh et al., 2024): w(1 − σ(β(q − k))) of a good answer and w(1 − σ(β(k − q))) of a bad one, q = π less
/// the reference's, k = the mean of the same of other prompts' answers, at least 0.
struct AnswerLossOptions {
  double beta = 0.1;
  double desirable = 1;  ///< w
  double undesirable = 1;
};

/// Of the good ones and the bad ones of a micro batch; not a number where there are none.
enum class AnswerMetric { chosen_reward, rejected_reward, margin, chosen_logp, rejected_logp, divergence };
inline constexpr int kAnswerMetrics = 6;

}  // namespace eft
