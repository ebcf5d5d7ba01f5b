#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/field.h"

namespace eft {

/// Special tokens by their part, as `special_tokens` gives them.
struct SpecialTokenOptions {
  std::optional<std::string> bos_token = {}, eos_token = {}, unk_token = {}, pad_token = {};
  std::vector<std::string> additional_special_tokens = {};
};

template <class Visitor>
void describe(Visitor&& field, SpecialTokenOptions& o) {
  field({"bos_token", "First token of every row; must be the tokenizer's."}, o.bos_token);
  field({"eos_token", "Token that ends a text; must be the tokenizer's."}, o.eos_token);
  field({"unk_token", "Token of what cannot be written; the tokenizer must have it."}, o.unk_token);
  field({"pad_token", "Any token: nothing is padded."}, o.pad_token);
  field({"additional_special_tokens", "Further tokens that are never split; the tokenizer must have them."},
        o.additional_special_tokens);
}

/// What a run expects of its tokenizer.
struct TokenOptions {
  std::optional<SpecialTokenOptions> special_tokens = {};
  std::vector<std::string> tokens = {};
};

template <class Visitor>
void describe(Visitor&& field, TokenOptions& o) {
  field({"special_tokens",
         "Special tokens of the tokenizer, which must be those that it has; others are not supported yet."},
        o.special_tokens);
  field({"tokens", "Tokens that are never split; those that the tokenizer does not have are not supported yet."},
        o.tokens);
}

}  // namespace eft
