#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/example.h"
#include "text/tokenizer.h"

namespace eft {

/// How a person sees what bears loss.
enum class ShowStyle {
  plain,   ///< between « and »
  colour,  ///< green; the context dim, special tokens underlined (terminal escapes)
};

/// The text of an example with special tokens, what bears loss marked.
std::string show_example(const Example& example, const Tokenizer& tokenizer, ShowStyle style);

/// One JSON object: input_ids, labels, position_ids where asked for, source (the file) and row (its line).
std::string dump_example(const Example& example, bool position_ids);

/// A bar chart of the numbers of tokens of `examples`, one line each power of two.
std::vector<std::string> length_histogram(std::span<const Example> examples);

}  // namespace eft
