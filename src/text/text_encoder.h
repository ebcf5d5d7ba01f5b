#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/replacement.h"
#include "text/scratch_pool.h"
#include "text/tokenizer.h"

namespace eft {

/// The way from text to ids: cut out added tokens, normalize, cut out normalized added tokens, split, byte pairs.
struct TextEncoder {
  Bpe bpe;
  mutable ScratchPool scratches;
  Normalizer normalizer;
  AddedTokenFinder raw_tokens;
  AddedTokenFinder normalized_tokens;
  std::string split_behind;  ///< empty: no split

  /// Ids with byte offsets. Throws DataError for invalid UTF-8 or a text that is too long (256 MiB).
  std::vector<TokenSpan> encode(std::string_view text) const;
};

}  // namespace eft
