#pragma once

#include <span>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace eft {

/// The pieces of tokens that the tokenizer reads back as these tokens, side by side too, as it does with added tokens.
/// `what` they are for stands in errors. Throws ConfigError for others, and where there is no such token.
std::vector<std::string> stable_pieces(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                                       const std::string& what);

}  // namespace eft
