#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace eft {

/// Characters [begin, last] of a text, both included, and what their loss weighs; 0: they bear none.
struct TrainingDetail {
  std::int64_t begin = 0;
  std::int64_t last = 0;
  float weight = 1;
};

/// What a value of `train` or `weight` says: true and false, or a number from 0 on. Throws DataError.
float read_weight(const nlohmann::ordered_json& value, const std::string& field, const std::string& where);

/// Reads a list of {begin_offset, end_offset, train}; `field` and `where` stand in errors. Throws DataError.
std::vector<TrainingDetail> read_training_details(const nlohmann::ordered_json& value, const std::string& field,
                                                  const std::string& where);

/// A text given in parts, some of which bear loss.
struct JoinedParts {
  std::string text;
  std::vector<TrainingDetail> details;  ///< empty when no part says `train` or `weight`
};

/// Joins text parts ({type: text, text: …, train: false}). Throws DataError for parts without text.
JoinedParts join_parts(const nlohmann::ordered_json& parts, const std::string& field, const std::string& where);

/// What the loss of each of `tokens` weighs, 0 where it bears none. Tokens belong to a detail once it has grown to
/// whole tokens, so that one over the edge of two parts goes with the one that it shares more than its last character
/// with. `tokens` cover `text`, their bytes counted from its first.
std::vector<float> token_weights(const std::vector<TokenSpan>& tokens, std::string_view text,
                                 const std::vector<TrainingDetail>& details);

}  // namespace eft
