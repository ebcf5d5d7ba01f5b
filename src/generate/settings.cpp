#include "generate/settings.h"

#include <algorithm>

#include "base/error.h"
#include "models/config_json.h"

namespace eft {
namespace {

constexpr const char* kEndsOfTurn[] = {"<end_of_turn>", "<turn|>"};  // Gemma 3 and 3n; Gemma 4

void add(std::vector<TokenId>& tokens, TokenId token) {
  if (std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(token);
}

}  // namespace

GenerationConfig read_generation_config(const std::filesystem::path& folder) {
  GenerationConfig config{.sampling = {.temperature = 0}, .stop_tokens = {}};
  const auto path = folder / "generation_config.json";
  if (!std::filesystem::exists(path)) return config;
  const ConfigJson json(path);
  for (const std::int64_t token : json.integers("eos_token_id")) add(config.stop_tokens, static_cast<TokenId>(token));
  if (json.boolean("do_sample", false)) {
    config.sampling.temperature = json.number("temperature", 1.0);
    config.sampling.top_k = json.integer("top_k", 50);  // Transformers' default
    config.sampling.top_p = json.number("top_p", 1.0);
  }
  return config;
}

std::vector<TokenId> stop_tokens(const GenerationConfig& config, const ModelInfo& model, const Tokenizer& tokenizer) {
  std::vector<TokenId> tokens = config.stop_tokens;
  if (tokens.empty()) {
    // A tokenizer of another size has ordinary pieces at the family's ids.
    for (const TokenId token : model.stop_tokens) {
      if (token < tokenizer.size() && tokenizer.is_special(token)) add(tokens, token);
    }
  }
  if (const auto eos = tokenizer.id_of(tokenizer.eos_token())) add(tokens, *eos);
  for (const char* piece : kEndsOfTurn) {
    const auto token = tokenizer.id_of(piece);
    if (token && tokenizer.is_special(*token)) add(tokens, *token);
  }
  return tokens;
}

std::vector<TokenId> encode_plain(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<TokenId> tokens = tokenizer.encode(text);
  const auto bos = tokenizer.adds_bos() ? tokenizer.id_of(tokenizer.bos_token()) : std::nullopt;
  if (bos && (tokens.empty() || tokens.front() != *bos)) tokens.insert(tokens.begin(), *bos);
  if (tokens.empty()) throw DataError("the prompt is empty, and this tokenizer puts no token in front of it");
  return tokens;
}

}  // namespace eft
