#include "train/plan/forward_check.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "nn/kv_cache.h"

namespace eft {
namespace {

constexpr double kOperations = 2e10;  // of one pass over the rows, so that the check takes a fraction of a second
constexpr std::size_t kRows = 2;
constexpr std::size_t kShortest = 8;
constexpr std::size_t kLongest = 640;  // longer than the sliding window of the small models

/// How much of each row is compared.
struct Extent {
  std::size_t longest;
  std::size_t decoded;  ///< tokens at the end that are fed one by one, each of which reads all weights
};

Extent extent_for(const Model& model) {
  double weights = 0;
  for (const Parameter& parameter : model.parameters()) {
    const bool head = parameter.value.raw() == model.head().value().raw();
    if (parameter.shape.rank() >= 2 && !parameter.gathered && !head)
      weights += static_cast<double>(parameter.shape.elements());
  }
  const double tokens = kOperations / (2 * std::max(weights, 1.0) * kRows);
  const double longest = std::clamp(tokens, static_cast<double>(kShortest), static_cast<double>(kLongest));
  return {.longest = static_cast<std::size_t>(longest), .decoded = weights > 1e9 ? 1U : 3U};
}

/// Rounding in another order, through all layers, stays below these; keys and values that are lost give about 1.
double tolerance_of(DType dtype) { return dtype == DType::bf16 ? 0.15 : dtype == DType::f32 ? 2e-3 : 1e-9; }

std::vector<std::int32_t> counting(std::size_t begin, std::size_t end) {
  std::vector<std::int32_t> numbers(end - begin);
  std::iota(numbers.begin(), numbers.end(), static_cast<std::int32_t>(begin));
  return numbers;
}

/// Where the parts of a row end that go through the cache one after another: half of it, the rest but a few tokens,
/// then those one by one.
std::vector<std::size_t> parts_of(std::size_t tokens, std::size_t decoded) {
  std::vector<std::size_t> ends{(tokens + 1) / 2};
  if (ends[0] + decoded < tokens) ends.push_back(tokens - decoded);
  while (ends.back() < tokens) ends.push_back(ends.back() + 1);
  return ends;
}

/// Hidden states of one row through the cache.
std::vector<double> cached_states(const Model& model, Pool& pool, std::span<const std::int32_t> tokens,
                                  const std::vector<std::size_t>& ends) {
  KvCache cache(model.info().cache_windows);
  std::vector<double> states;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const std::vector<std::int32_t> positions = counting(begin, end);
    const std::vector<std::int64_t> starts{0, static_cast<std::int64_t>(end - begin)};
    Context ctx{.pool = &pool};
    const Var hidden = model.hidden(ctx, {tokens.subspan(begin, end - begin), positions, starts}, &cache);
    const std::vector<double> part = to_doubles(hidden.value());
    states.insert(states.end(), part.begin(), part.end());
    begin = end;
  }
  return states;
}

double worst_distance(const std::vector<double>& a, const std::vector<double>& b, std::size_t width) {
  double worst = 0;
  for (std::size_t row = 0; row + width <= a.size(); row += width) {
    double difference = 0, squares = 0;
    for (std::size_t i = row; i < row + width; ++i) {
      difference += (a[i] - b[i]) * (a[i] - b[i]);
      squares += a[i] * a[i];
    }
    const double distance = std::sqrt(difference / std::max(squares, 1e-300));
    worst = std::isfinite(distance) ? std::max(worst, distance) : HUGE_VAL;
  }
  return worst;
}

}  // namespace

ForwardCheck check_forward(const Model& model, Pool& pool, const Examples& examples) {
  std::vector<std::int32_t> tokens, positions;
  std::vector<std::int64_t> starts{0};
  std::vector<double> cached;
  const Extent extent = extent_for(model);
  for (std::size_t i = 0; i < std::min(kRows, examples.size()); ++i) {
    const std::span<const std::int32_t> whole = examples[i].tokens;
    const std::span<const std::int32_t> row = whole.first(std::min(extent.longest, whole.size()));
    const std::vector<std::int32_t> counted = counting(0, row.size());
    tokens.insert(tokens.end(), row.begin(), row.end());
    positions.insert(positions.end(), counted.begin(), counted.end());
    starts.push_back(static_cast<std::int64_t>(tokens.size()));
    // One row in parts and the others at once: every part reads all weights.
    const auto parts = i == 0 ? parts_of(row.size(), extent.decoded) : std::vector{row.size()};
    const std::vector<double> states = cached_states(model, pool, row, parts);
    cached.insert(cached.end(), states.begin(), states.end());
  }
  Context ctx{.pool = &pool};
  const std::vector<double> whole = to_doubles(model.hidden(ctx, {tokens, positions, starts}, nullptr).value());
  return {.rows = static_cast<std::int64_t>(starts.size()) - 1,
          .tokens = static_cast<std::int64_t>(tokens.size()),
          .error = worst_distance(whole, cached, whole.size() / std::max<std::size_t>(tokens.size(), 1)),
          .tolerance = tolerance_of(model.dtype())};
}

}  // namespace eft
