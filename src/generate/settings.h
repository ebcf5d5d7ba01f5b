#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "generate/sampler.h"
#include "models/model.h"
#include "text/tokenizer.h"

namespace eft {

/// What a model folder says about generating, in generation_config.json.
struct GenerationConfig {
  SamplingOptions sampling;          ///< temperature 0 unless do_sample
  std::vector<TokenId> stop_tokens;  ///< eos_token_id: one number or a list; empty when not given
};

/// Reads `folder`/generation_config.json; without one, greedy and no stop tokens. Throws ConfigError with the key.
GenerationConfig read_generation_config(const std::filesystem::path& folder);

/// Tokens that end an answer: those of the configuration, else the family's, and the tokenizer's eos and end of turn.
std::vector<TokenId> stop_tokens(const GenerationConfig& config, const ModelInfo& model, const Tokenizer& tokenizer);

/// Ids of text that is not a chat: behind bos where the tokenizer asks for it, never behind two. Throws DataError when
/// nothing is left to continue.
std::vector<TokenId> encode_plain(const Tokenizer& tokenizer, const std::string& text);

}  // namespace eft
