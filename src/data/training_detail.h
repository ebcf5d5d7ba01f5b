#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace eft {

/// Characters [begin, last] of a text, both included, and whether they bear loss.
struct TrainingDetail {
  std::int64_t begin = 0;
  std::int64_t last = 0;
  bool train = true;
};

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

/// Which of `tokens` bear loss: those inside a detail that trains, once details have grown to whole tokens, so that a
/// token over the edge of two parts goes with the one that it shares more than its last character with. `tokens` cover
/// `text`, their bytes counted from its first.
std::vector<bool> trained_tokens(const std::vector<TokenSpan>& tokens, std::string_view text,
                                 const std::vector<TrainingDetail>& details);

}  // namespace eft
