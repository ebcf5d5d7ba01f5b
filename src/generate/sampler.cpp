#include "generate/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"

namespace eft {
namespace {

constexpr std::size_t kFirstSorted = 256;  // most nuclei are smaller; the rest of the vocabulary stays unsorted

/// The first of the largest logits.
std::size_t largest(std::span<const float> logits) {
  expect(!logits.empty(), "logits to choose from");
  std::size_t best = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) throw DataError("the model's output for token {} is not a number", i);
    if (logits[i] > logits[best]) best = i;
  }
  if (!std::isfinite(logits[best]))
    throw DataError("the model's largest output is {}, expected a finite number", logits[best]);
  return best;
}

/// The k-th largest logit.
float threshold(std::span<const float> logits, std::int64_t k) {
  std::vector<float> sorted(logits.begin(), logits.end());
  const auto place = sorted.begin() + (std::min<std::int64_t>(k, static_cast<std::int64_t>(sorted.size())) - 1);
  std::nth_element(sorted.begin(), place, sorted.end(), std::greater<>());
  return *place;
}

/// Leaves every token in front of which less than `top_p` lies, most probable first.
void keep_nucleus(std::vector<Candidate>& tokens, double top_p) {
  const auto before = [](const Candidate& a, const Candidate& b) {
    return a.probability != b.probability ? a.probability > b.probability : a.token < b.token;
  };
  double sum = 0;
  for (std::size_t i = 0, sorted = 0; i < tokens.size(); ++i) {
    if (i == sorted) {
      sorted = std::min(tokens.size(), std::max(kFirstSorted, 4 * sorted));
      const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(i);
      std::partial_sort(begin, tokens.begin() + static_cast<std::ptrdiff_t>(sorted), tokens.end(), before);
    }
    sum += tokens[i].probability;
    if (sum >= top_p) tokens.resize(i + 1);
  }
}

void normalise(std::vector<Candidate>& tokens) {
  double sum = 0;
  for (const Candidate& token : tokens) sum += token.probability;
  for (Candidate& token : tokens) token.probability /= sum;
}

}  // namespace

std::vector<Candidate> candidates(std::span<const float> logits, const SamplingOptions& options) {
  const std::size_t best = largest(logits);
  if (options.temperature == 0) return {{static_cast<std::int32_t>(best), 1.0}};
  const float least = options.top_k > 0 ? threshold(logits, options.top_k) : -HUGE_VALF;
  std::vector<Candidate> tokens;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] < least) continue;
    const double distance = static_cast<double>(logits[i]) - static_cast<double>(logits[best]);
    tokens.push_back({static_cast<std::int32_t>(i), std::exp(distance / options.temperature)});
  }
  normalise(tokens);
  if (options.top_p < 1.0) {
    keep_nucleus(tokens, options.top_p);
    normalise(tokens);
  }
  return tokens;
}

Sampler::Sampler(const SamplingOptions& options) : options_(options), random_(options.seed) {
  if (!(options.temperature >= 0) || !std::isfinite(options.temperature)) {
    throw ConfigError("temperature: {}, expected 0 or more", options.temperature);
  }
  if (options.top_k < 0) throw ConfigError("top_k: {}, expected 0 (all tokens) or more", options.top_k);
  if (!(options.top_p >= 0 && options.top_p <= 1)) {
    throw ConfigError("top_p: {}, expected a number between 0 and 1", options.top_p);
  }
}

std::int32_t Sampler::pick(std::span<const float> logits) {
  const std::vector<Candidate> tokens = candidates(logits, options_);
  if (tokens.size() == 1) return tokens.front().token;
  double left = random_.uniform();
  for (const Candidate& token : tokens) {
    left -= token.probability;
    if (left < 0) return token.token;
  }
  // Rounding may leave a rest; a token of probability zero must not get it.
  const auto likely = std::max_element(tokens.begin(), tokens.end(), [](const Candidate& a, const Candidate& b) {
    return a.probability < b.probability;
  });
  return likely->token;
}

}  // namespace eft
