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
std::vector<std::size_t> parts_of(std::size_t tokens, std::size_t decoded, std::span<const MediaSpan> media) {
  std::vector<std::size_t> ends{(tokens + 1) / 2};
  if (ends[0] + decoded < tokens) ends.push_back(tokens - decoded);
  while (ends.back() < tokens) ends.push_back(ends.back() + 1);
  // Images go in one piece.
  std::erase_if(ends, [&](std::size_t end) { return cuts_media(media, static_cast<std::int64_t>(end)); });
  return ends;
}

/// The images of the first `tokens` of an example.
std::vector<MediaSpan> media_spans(const Examples& examples, const ExampleView& example, std::size_t tokens) {
  std::vector<MediaSpan> spans;
  if (examples.media() == nullptr) return spans;
  for (const MediaRef& ref : media_of(example.media)) {
    if (ref.begin + ref.count > tokens) break;
    auto item = examples.media()->decode(ref, example.source());
    if (item == nullptr) item = examples.media()->blank();
    spans.push_back({.begin = ref.begin, .count = ref.count, .item = std::move(item)});
  }
  return spans;
}

/// At most `longest` tokens of an example, none of which are of an image that is not there as a whole.
std::size_t whole_images(const ExampleView& example, std::size_t longest) {
  for (const MediaRef& ref : media_of(example.media)) {
    if (ref.begin < longest && longest < std::size_t{ref.begin} + ref.count) return ref.begin;
  }
  return std::min(longest, example.tokens.size());
}

/// Hidden states of one row through the cache.
std::vector<double> cached_states(const Model& model, Pool& pool, std::span<const std::int32_t> tokens,
                                  std::span<const MediaSpan> media, const std::vector<std::size_t>& ends) {
  KvCache cache(model.info().cache_windows);
  std::vector<double> states;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const std::vector<std::int32_t> positions = counting(begin, end);
    const std::vector<std::int64_t> starts{0, static_cast<std::int64_t>(end - begin)};
    Context ctx{.pool = &pool};
    const std::vector<MediaSpan> own =
        media_in(media, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end));
    const Var hidden = model.hidden(
        ctx, {.tokens = tokens.subspan(begin, end - begin), .positions = positions, .starts = starts, .media = own},
        &cache);
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
  std::vector<MediaSpan> media;
  const Extent extent = extent_for(model);
  for (std::size_t i = 0; i < std::min(kRows, examples.size()); ++i) {
    const std::span<const std::int32_t> whole = examples[i].tokens;
    const std::span<const std::int32_t> row = whole.first(whole_images(examples[i], extent.longest));
    const std::vector<MediaSpan> images = media_spans(examples, examples[i], row.size());
    for (MediaSpan span : images) {
      span.begin += static_cast<std::int64_t>(tokens.size());
      media.push_back(std::move(span));
    }
    const std::vector<std::int32_t> counted = counting(0, row.size());
    tokens.insert(tokens.end(), row.begin(), row.end());
    positions.insert(positions.end(), counted.begin(), counted.end());
    starts.push_back(static_cast<std::int64_t>(tokens.size()));
    // One row in parts and the others at once: every part reads all weights.
    const auto parts = i == 0 ? parts_of(row.size(), extent.decoded, images) : std::vector{row.size()};
    const std::vector<double> states = cached_states(model, pool, row, images, parts);
    cached.insert(cached.end(), states.begin(), states.end());
  }
  Context ctx{.pool = &pool};
  const ModelInput input{.tokens = tokens, .positions = positions, .starts = starts, .media = media};
  const std::vector<double> whole = to_doubles(model.hidden(ctx, input, nullptr).value());
  return {.rows = static_cast<std::int64_t>(starts.size()) - 1,
          .tokens = static_cast<std::int64_t>(tokens.size()),
          .error = worst_distance(whole, cached, whole.size() / std::max<std::size_t>(tokens.size(), 1)),
          .tolerance = tolerance_of(model.dtype())};
}

}  // namespace eft
