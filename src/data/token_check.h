#pragma once

#include "data/token_options.h"
#include "text/tokenizer.h"

namespace eft {

/// Throws ConfigError for a token of `options` that `tokenizer` does not have, or has for another part.
void check_tokens(const TokenOptions& options, const Tokenizer& tokenizer);

}  // namespace eft
