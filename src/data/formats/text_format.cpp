#include "data/formats/text_format.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace eft {

using Json = nlohmann::ordered_json;

namespace {

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

Example answer_example(const std::string& prompt, const std::string& answer, bool train_on_inputs,
                       const Tokenizer& tokenizer) {
  std::vector<TokenId> learnt = plain_tokens(tokenizer, answer);
  append_eos(learnt, tokenizer);
  if (starts_with_bos(learnt, tokenizer)) learnt.erase(learnt.begin());
  Example example;
  example.tokens = plain_tokens(tokenizer, prompt);
  example.labels = train_on_inputs ? example.tokens : std::vector<TokenId>(example.tokens.size(), kIgnoreLabel);
  example.tokens.insert(example.tokens.end(), learnt.begin(), learnt.end());
  example.labels.insert(example.labels.end(), learnt.begin(), learnt.end());
  return example;
}

InstructionFormat::InstructionFormat(const PromptStyle& style, const DataOptions& options, const Tokenizer& tokenizer)
    : style_(style), train_on_inputs_(options.train_on_inputs), tokenizer_(tokenizer) {}

std::vector<Example> InstructionFormat::examples(const RawRow& row) const {
  const Json value = parse_row(row);
  const std::string& instruction = required_string(value, style_.instruction, row.where);
  const bool has_input = style_.input != nullptr && value.contains(style_.input);
  const std::string input = has_input ? required_string(value, style_.input, row.where) : "";
  const std::string system = style_.system != nullptr ? required_string(value, style_.system, row.where) : "";
  Example example = answer_example(build_prompt(style_, instruction, input, system),
                                   required_string(value, style_.output, row.where), train_on_inputs_, tokenizer_);
  example.source = row.where;
  return {example};
}

SegmentFormat::SegmentFormat(const DataOptions& options, const Tokenizer& tokenizer)
    : train_on_inputs_(options.train_on_inputs), tokenizer_(tokenizer) {}

std::vector<Example> SegmentFormat::examples(const RawRow& row) const {
  const Json value = parse_row(row);
  const auto segments = value.find("segments");
  if (segments == value.end() || !segments->is_array()) {
    throw DataError("{}: no list 'segments'; the row has {}", row.where, key_list(value));
  }
  Example example;
  example.source = row.where;
  for (const Json& segment : *segments) {
    if (!segment.is_object() || !segment.contains("label") || !segment["label"].is_boolean()) {
      throw DataError("{}: a segment is {}, expected label (true or false) and text", row.where, segment.dump());
    }
    const std::vector<TokenId> tokens = tokenizer_.encode(required_string(segment, "text", row.where));
    const bool trained = train_on_inputs_ || segment["label"].get<bool>();
    example.tokens.insert(example.tokens.end(), tokens.begin(), tokens.end());
    example.labels.insert(example.labels.end(), tokens.begin(), tokens.end());
    if (!trained)
      std::fill(example.labels.end() - static_cast<std::ptrdiff_t>(tokens.size()), example.labels.end(), kIgnoreLabel);
  }
  if (example.tokens.empty()) return {};
  return {example};
}

bool TokenFormat::fits(const RawRow& row) {
  const Json value = parse_json(row.text).value;
  return value.is_object() && value.contains("input_ids") && value.contains("labels");
}

std::vector<TokenId> TokenFormat::column(const Json& row, const char* field, const std::string& where) const {
  const auto found = row.find(field);
  if (found == row.end() || !found->is_array()) {
    throw DataError("{}: no list '{}'; the row has {}", where, field, key_list(row));
  }
  std::vector<TokenId> ids;
  for (const Json& id : *found) {
    const std::int64_t value = id.is_number_integer() ? id.get<std::int64_t>() : -1;
    if (value != kIgnoreLabel && (value < 0 || value >= vocabulary_)) {
      throw DataError("{}: '{}' has {}, expected ids below {} of this tokenizer", where, field, id.dump(), vocabulary_);
    }
    ids.push_back(static_cast<TokenId>(value));
  }
  return ids;
}

std::vector<Example> TokenFormat::examples(const RawRow& row) const {
  const Json value = parse_row(row);
  const std::vector<TokenId> tokens = column(value, "input_ids", row.where);
  const std::vector<TokenId> labels = column(value, "labels", row.where);
  const std::vector<TokenId> mask = value.contains("attention_mask") ? column(value, "attention_mask", row.where)
                                                                     : std::vector<TokenId>(tokens.size(), 1);
  if (labels.size() != tokens.size() || mask.size() != tokens.size()) {
    throw DataError("{}: {} input_ids, {} labels and {} of attention_mask, expected as many of each", row.where,
                    tokens.size(), labels.size(), mask.size());
  }
  Example example;
  example.source = row.where;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (mask[i] == 0) continue;
    if (tokens[i] == kIgnoreLabel) throw DataError("{}: 'input_ids' has {}, expected ids", row.where, kIgnoreLabel);
    example.tokens.push_back(tokens[i]);
    example.labels.push_back(labels[i]);
  }
  if (example.tokens.empty()) return {};
  return {example};
}

CompletionFormat::CompletionFormat(const DatasetOptions& dataset, const DataOptions& options,
                                   const Tokenizer& tokenizer)
    : field_(dataset.field), sequence_len_(options.sequence_len), tokenizer_(tokenizer) {}

std::vector<Example> CompletionFormat::examples(const RawRow& row) const {
  const Json value = parse_row(row);
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
