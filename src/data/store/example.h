#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "media/media_item.h"

namespace eft {

/// No loss at this position.
inline constexpr std::int32_t kIgnoreLabel = -100;

/// Rows of the embedding of a model that nothing is known about: it takes any token.
inline constexpr std::int64_t kAnyVocabulary = std::numeric_limits<std::int32_t>::max();

/// What a sequence is in rows of preferences. Those of a pair stand one behind the other, the chosen one first: they
/// are one unit of the data, which nothing takes apart. Every other example is a unit of its own.
enum class PreferenceRole : std::uint8_t { none, chosen, rejected, good, bad };

/// One tokenised row of a dataset. labels[i] is tokens[i] where that token bears loss, else kIgnoreLabel; the shift to
/// "predict the next token" happens when a batch is made.
struct Example {
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> labels;
  std::vector<float> weights = {};  ///< of the labels' losses; empty: 1 each
  std::string source = {};          ///< "file.jsonl:12", for messages
  std::string media = {};           ///< a list of media_ref.h
  PreferenceRole role = PreferenceRole::none;
  std::string prompt = {}, answer = {};  ///< the texts of a preference; a rejected answer's prompt is the chosen one's

  std::int64_t label_tokens() const;
};

/// An example that lies somewhere else.
struct ExampleView {
  std::span<const std::int32_t> tokens;
  std::span<const std::int32_t> labels;
  std::span<const float> weights;  ///< empty: 1 each
  std::string_view media = {};     ///< a list of media_ref.h
  std::string_view file;
  std::int64_t row = 0;  ///< line or number in the file; 0: the source names none
  PreferenceRole role = PreferenceRole::none;
  std::string_view prompt, answer;

  ExampleView() = default;
  /// Of an example that outlives it.
  ExampleView(const Example& example);

  std::int64_t label_tokens() const;
  /// "file.jsonl:12"
  std::string source() const;
  Example copy() const;
};

/// What one forward pass sees: sequences laid end to end, no padding. Sequence s covers [starts[s], starts[s + 1]).
/// targets[i] is the token that position i must predict, or kIgnoreLabel.
struct PackedRow {
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> targets;
  std::vector<std::int32_t> positions;     ///< restart at 0 in every sequence
  std::vector<std::int64_t> starts;        ///< [sequences + 1]
  std::vector<float> weights = {};         ///< of the targets' losses; empty: 1 each
  std::vector<MediaSpan> media = {};       ///< ascending; what stands in the place of tokens
  std::vector<PreferenceRole> roles = {};  ///< [sequences] of rows of preferences; empty: none

  std::int64_t label_tokens() const;
};

}  // namespace eft
