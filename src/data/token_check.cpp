#include "data/token_check.h"

#include "base/error.h"

namespace eft {
namespace {

void check_same(const char* key, const std::optional<std::string>& asked, const std::string& own) {
  if (!asked || *asked == own) return;
  throw ConfigError("special_tokens.{}: {}, the tokenizer's is {}; another one is not supported yet, remove the key",
                    key, *asked, own.empty() ? "not given" : own);
}

void check_has(const char* key, const std::string& piece, const Tokenizer& tokenizer) {
  const auto id = tokenizer.id_of(piece);
  if (id && tokenizer.is_special(*id)) return;
  throw ConfigError("{}: {} is no special token of the tokenizer; new ones are not supported yet, remove it", key,
                    piece);
}

}  // namespace

void check_tokens(const TokenOptions& options, const Tokenizer& tokenizer) {
  for (const std::string& piece : options.tokens) check_has("tokens", piece, tokenizer);
  if (!options.special_tokens) return;
  const SpecialTokenOptions& special = *options.special_tokens;
  check_same("bos_token", special.bos_token, tokenizer.bos_token());
  check_same("eos_token", special.eos_token, tokenizer.eos_token());
  if (special.unk_token) check_has("special_tokens.unk_token", *special.unk_token, tokenizer);
  for (const std::string& piece : special.additional_special_tokens) {
    check_has("special_tokens.additional_special_tokens", piece, tokenizer);
  }
}

}  // namespace eft
