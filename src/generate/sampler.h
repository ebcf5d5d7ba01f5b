#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"

namespace eft {

/// How the next token is drawn. The steps and their order are those of Transformers: temperature, top_k, top_p.
struct SamplingOptions {
  double temperature = 1.0;  ///< divides the logits; 0 takes the most probable token
  std::int64_t top_k = 0;    ///< only tokens whose logit is among the k largest; 0: all
  double top_p = 1.0;        ///< only the most probable tokens, until their sum reaches top_p; 1: all
  std::uint64_t seed = 0;
};

/// A token that may be drawn.
struct Candidate {
  std::int32_t token;
  double probability;
};

/// The tokens that `options` leaves, with probabilities that sum to one. Equal logits of the k-th place all stay. With
/// top_p they come most probable first, lower id first where equal. Throws DataError when `logits` are not numbers.
std::vector<Candidate> candidates(std::span<const float> logits, const SamplingOptions& options);

/// Draws tokens; one seed gives one sequence of draws.
class Sampler {
 public:
  /// Throws ConfigError for options out of bounds.
  explicit Sampler(const SamplingOptions& options);
  /// The next token given the logits of the whole vocabulary.
  std::int32_t pick(std::span<const float> logits);

 private:
  SamplingOptions options_;
  Random random_;
};

}  // namespace eft
