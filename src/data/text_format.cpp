#include "data/text_format.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace eft {
namespace {

// The wording of Stanford Alpaca, which models tuned on it expect to the letter.
constexpr const char* kWithInput =
    "Below is an instruction that describes a task, paired with an input that provides further context. Write a "
    "response that appropriately completes the request.\n\n### Instruction:\n{}\n\n### Input:\n{}\n\n### Response:\n";
constexpr const char* kWithoutInput =
    "Below is an instruction that describes a task. Write a response that appropriately completes the "
    "request.\n\n### Instruction:\n{}\n\n### Response:\n";

/// The id behind a finished text.
TokenId eos_id(const Tokenizer& tokenizer) {
  if (tokenizer.eos_token().empty()) {
    throw DataError("tokenizer_config.json: no eos_token, expected the token that ends a text");
  }
  const auto id = tokenizer.id_of(tokenizer.eos_token());
  if (!id) throw DataError("tokenizer_config.json: eos_token '{}' is not in the vocabulary", tokenizer.eos_token());
  return *id;
}

void append_eos(std::vector<TokenId>& tokens, const Tokenizer& tokenizer) {
  const TokenId eos = eos_id(tokenizer);
  if (!tokens.empty() && tokens.back() != eos) tokens.push_back(eos);
}

bool starts_with_bos(const std::vector<TokenId>& tokens, const Tokenizer& tokenizer) {
  return !tokens.empty() && tokenizer.id_of(tokenizer.bos_token()) == tokens.front();
}

}  // namespace

std::vector<TokenId> plain_tokens(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<TokenId> tokens;
  if (text.empty()) return tokens;
  tokens = tokenizer.encode(text);
  if (!tokenizer.adds_bos()) return tokens;
  if (const auto bos = tokenizer.id_of(tokenizer.bos_token())) tokens.insert(tokens.begin(), *bos);
  return tokens;
}

std::string alpaca_prompt(const std::string& instruction, const std::string& input) {
  if (input.empty()) return fmt::format(fmt::runtime(kWithoutInput), instruction);
  return fmt::format(fmt::runtime(kWithInput), instruction, input);
}

AlpacaFormat::AlpacaFormat(const DataOptions& options, const Tokenizer& tokenizer)
    : train_on_inputs_(options.train_on_inputs), tokenizer_(tokenizer) {}

std::vector<Example> AlpacaFormat::examples(const RawRow& row) const {
  const nlohmann::ordered_json value = parse_row(row);
  const std::string& instruction = required_string(value, "instruction", row.where);
  const std::string input = value.contains("input") ? required_string(value, "input", row.where) : "";
  std::vector<TokenId> answer = plain_tokens(tokenizer_, required_string(value, "output", row.where));
  append_eos(answer, tokenizer_);
  if (starts_with_bos(answer, tokenizer_)) answer.erase(answer.begin());

  Example example;
  example.source = row.where;
  example.tokens = plain_tokens(tokenizer_, alpaca_prompt(instruction, input));
  example.labels = train_on_inputs_ ? example.tokens : std::vector<TokenId>(example.tokens.size(), kIgnoreLabel);
  example.tokens.insert(example.tokens.end(), answer.begin(), answer.end());
  example.labels.insert(example.labels.end(), answer.begin(), answer.end());
  return {example};
}

CompletionFormat::CompletionFormat(const DatasetOptions& dataset, const DataOptions& options,
                                   const Tokenizer& tokenizer)
    : field_(dataset.field), sequence_len_(options.sequence_len), tokenizer_(tokenizer) {}

std::vector<Example> CompletionFormat::examples(const RawRow& row) const {
  const nlohmann::ordered_json value = parse_row(row);
  std::vector<TokenId> tokens = plain_tokens(tokenizer_, required_string(value, field_, row.where));
  append_eos(tokens, tokenizer_);
  std::vector<Example> examples;
  for (auto begin = tokens.begin(); begin != tokens.end();) {
    const auto end = begin + std::min<std::ptrdiff_t>(tokens.end() - begin, sequence_len_);
    examples.push_back({.tokens = {begin, end}, .labels = {begin, end}, .source = row.where});
    begin = end;
  }
  return examples;
}

}  // namespace eft
