#pragma once

#include <cstdint>
#include <vector>

#include "data/store/example.h"

namespace eft {

/// The tokens of a row whose last hidden states the loss reads.
struct WantedTokens {
  std::vector<std::int32_t> rows;     ///< ascending; empty: all
  std::vector<std::int32_t> targets;  ///< what each of them has to predict
  std::vector<float> weights{};       ///< of their losses; empty: 1 each
};

/// Those with a target, and short gaps of text between them, since runs of queries are what attention multiplies. All
/// when almost all would be left, or where a token of an image has a target: its queries go through attention together.
WantedTokens wanted_tokens(const PackedRow& row);

}  // namespace eft
