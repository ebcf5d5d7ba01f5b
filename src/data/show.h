#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/store/example.h"
#include "text/tokenizer.h"

namespace eft {

/// How a person sees what bears loss.
enum class ShowStyle {
  plain,   ///< between « and »
  colour,  ///< green; the context dim, special tokens underlined (terminal escapes)
};

/// The text of an example with special tokens, what bears loss marked.
std::string show_example(const ExampleView& example, const Tokenizer& tokenizer, ShowStyle style);

/// The tokens of an example with their ids, "105:<start_of_turn>", wrapped to `columns`; what bears loss is marked.
std::string show_tokens(const ExampleView& example, const Tokenizer& tokenizer, ShowStyle style, std::size_t columns);

/// One JSON object: input_ids, labels, weights where there are any, source (the file) and row (its line); with media
/// also types (1 for each token that stands for an image, else 0) and media, a list of its images.
std::string dump_example(const ExampleView& example, bool with_media = false);

/// The same of examples that share a packed row: what they hold one behind the other, position_ids, segments (the
/// number of the example in the row, from 1 on), and lists of source and row.
std::string dump_packed(std::span<const ExampleView> examples, bool with_media = false);

/// A bar chart of numbers of tokens, one line each power of two: counts[b] is how often there were 2^(b-1) to 2^b - 1.
std::vector<std::string> length_histogram(const std::vector<std::int64_t>& counts);

}  // namespace eft
