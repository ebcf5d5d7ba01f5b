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
  const auto bos = tokenizer.id_of(tokenizer.bos_token());
  if (bos && (tokens.empty() || tokens.front() != *bos)) tokens.insert(tokens.begin(), *bos);
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

void InstructionFormat::read(const Json& row, FormattedRow& out) const {
  const std::string& instruction = required_string(row, style_.instruction, out.where);
  const bool has_input = style_.input != nullptr && row.contains(style_.input);
  const std::string input = has_input ? required_string(row, style_.input, out.where) : "";
  const std::string system = style_.system != nullptr ? required_string(row, style_.system, out.where) : "";
  Example example = answer_example(build_prompt(style_, instruction, input, system),
                                   required_string(row, style_.output, out.where), train_on_inputs_, tokenizer_);
  out.examples.push_back(std::move(example));
}

SegmentFormat::SegmentFormat(const DataOptions& options, const Tokenizer& tokenizer)
    : train_on_inputs_(options.train_on_inputs), tokenizer_(tokenizer) {}

void SegmentFormat::read(const Json& row, FormattedRow& out) const {
  const auto segments = row.find("segments");
  if (segments == row.end() || !segments->is_array()) {
    throw DataError("{}: no list 'segments'; the row has {}", out.where, key_list(row));
  }
  Example example;
  for (const Json& segment : *segments) {
    if (!segment.is_object() || !segment.contains("label") || !segment["label"].is_boolean()) {
      throw DataError("{}: a segment is {}, expected label (true or false) and text", out.where, segment.dump());
    }
    const std::vector<TokenId> tokens = tokenizer_.encode(required_string(segment, "text", out.where));
    const bool trained = train_on_inputs_ || segment["label"].get<bool>();
    example.tokens.insert(example.tokens.end(), tokens.begin(), tokens.end());
    example.labels.insert(example.labels.end(), tokens.begin(), tokens.end());
    if (!trained)
      std::fill(example.labels.end() - static_cast<std::ptrdiff_t>(tokens.size()), example.labels.end(), kIgnoreLabel);
  }
  if (!example.tokens.empty()) out.examples.push_back(std::move(example));
}

bool TokenFormat::fits(const RawRow& row) {
  try {
    const Json value = parse_row(row);
    return value.contains("input_ids") && value.contains("labels");
  } catch (const DataError&) {
    return false;  // its own format says so again
  }
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

void TokenFormat::read(const Json& row, FormattedRow& out) const {
  const std::vector<TokenId> tokens = column(row, "input_ids", out.where);
  const std::vector<TokenId> labels = column(row, "labels", out.where);
  const std::vector<TokenId> mask = row.contains("attention_mask") ? column(row, "attention_mask", out.where)
                                                                   : std::vector<TokenId>(tokens.size(), 1);
  if (labels.size() != tokens.size() || mask.size() != tokens.size()) {
    throw DataError("{}: {} input_ids, {} labels and {} of attention_mask, expected as many of each", out.where,
                    tokens.size(), labels.size(), mask.size());
  }
  Example example;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (mask[i] == 0) continue;
    if (tokens[i] == kIgnoreLabel) throw DataError("{}: 'input_ids' has {}, expected ids", out.where, kIgnoreLabel);
    example.tokens.push_back(tokens[i]);
    example.labels.push_back(labels[i]);
  }
  if (!example.tokens.empty()) out.examples.push_back(std::move(example));
}

CompletionFormat::CompletionFormat(const DatasetOptions& dataset, const DataOptions& options,
                                   const Tokenizer& tokenizer)
    : field_(dataset.field), sequence_len_(options.sequence_len), tokenizer_(tokenizer) {}

void CompletionFormat::read(const Json& row, FormattedRow& out) const {
  std::vector<TokenId> tokens = plain_tokens(tokenizer_, required_string(row, field_, out.where));
  append_eos(tokens, tokenizer_);
  for (auto begin = tokens.begin(); begin != tokens.end();) {
    const auto end = begin + std::min<std::ptrdiff_t>(tokens.end() - begin, sequence_len_);
    out.examples.push_back({.tokens = {begin, end}, .labels = {begin, end}});
    begin = end;
  }
}

}  // namespace eft
