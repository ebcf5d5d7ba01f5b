#include "data/store/example.h"

#include <algorithm>
#include <charconv>

namespace eft {
namespace {

std::int64_t count_labels(std::span<const std::int32_t> labels) {
  return std::ranges::count_if(labels, [](std::int32_t label) { return label != kIgnoreLabel; });
}

/// Nothing predicts the first token.
std::int64_t count_learnt(std::span<const std::int32_t> labels) {
  return labels.empty() ? 0 : count_labels(labels.subspan(1));
}

}  // namespace

std::int64_t Example::label_tokens() const { return count_learnt(labels); }

ExampleView::ExampleView(const Example& example)
    : tokens(example.tokens),
      labels(example.labels),
      weights(example.weights),
      media(example.media),
      file(example.source),
      role(example.role),
      prompt(example.prompt),
      answer(example.answer) {
  const auto colon = file.rfind(':');
  if (colon == std::string_view::npos) return;
  std::int64_t number = 0;
  const char* end = file.data() + file.size();
  const auto [last, error] = std::from_chars(file.data() + colon + 1, end, number);
  if (error != std::errc() || last != end || number <= 0) return;
  row = number;
  file = file.substr(0, colon);
}

std::int64_t ExampleView::label_tokens() const { return count_learnt(labels); }

std::string ExampleView::source() const {
  return row > 0 ? std::string(file) + ":" + std::to_string(row) : std::string(file);
}

Example ExampleView::copy() const {
  return {.tokens = {tokens.begin(), tokens.end()},
          .labels = {labels.begin(), labels.end()},
          .weights = {weights.begin(), weights.end()},
          .source = source(),
          .media = std::string(media),
          .role = role,
          .prompt = std::string(prompt),
          .answer = std::string(answer)};
}

std::int64_t PackedRow::label_tokens() const { return count_labels(targets); }

}  // namespace eft
