#pragma once

#include <string>
#include <vector>

#include "data/formats/format.h"
#include "data/formats/prompt_style.h"

namespace eft {

/// The ids of a text on its own: with bos in front where the tokenizer asks for it and the text has none. An empty text
/// has no ids.
std::vector<TokenId> plain_tokens(const Tokenizer& tokenizer, const std::string& text);

/// A prompt, and an answer that bears loss with the eos behind it.
Example answer_example(const std::string& prompt, const std::string& answer, bool train_on_inputs,
                       const Tokenizer& tokenizer);

/// `type: alpaca` and its relatives: a prompt made of an instruction and perhaps an input and a system text, and an
/// answer that bears loss with the eos behind it.
class InstructionFormat : public RowFormat {
 public:
  InstructionFormat(const PromptStyle& style, const DataOptions& options, const Tokenizer& tokenizer);

 protected:
  void read(const nlohmann::ordered_json& row, FormattedRow& out) const override;

 private:
  PromptStyle style_;
  bool train_on_inputs_;
  Tokenizer tokenizer_;
};

/// `type: input_output`: `segments` of text, each of which says whether it bears loss. Special tokens are in the text.
class SegmentFormat : public RowFormat {
 public:
  SegmentFormat(const DataOptions& options, const Tokenizer& tokenizer);

 protected:
  void read(const nlohmann::ordered_json& row, FormattedRow& out) const override;

 private:
  bool train_on_inputs_;
  Tokenizer tokenizer_;
};

/// Rows that have input_ids and labels already, whatever `type` says; tokens with attention_mask 0 are left out.
class TokenFormat : public RowFormat {
 public:
  explicit TokenFormat(const Tokenizer& tokenizer) : vocabulary_(tokenizer.size()) {}
  /// Whether a row is such a one.
  static bool fits(const RawRow& row);

 protected:
  void read(const nlohmann::ordered_json& row, FormattedRow& out) const override;

 private:
  std::vector<TokenId> column(const nlohmann::ordered_json& row, const char* field, const std::string& where) const;

  std::int64_t vocabulary_;
};

/// `type: completion`: every token of a column bears loss, eos behind it too; a long text makes several examples of
/// sequence_len tokens.
class CompletionFormat : public RowFormat {
 public:
  CompletionFormat(const DatasetOptions& dataset, const DataOptions& options, const Tokenizer& tokenizer);

 protected:
  void read(const nlohmann::ordered_json& row, FormattedRow& out) const override;

 private:
  std::string field_;
  std::int64_t sequence_len_;
  Tokenizer tokenizer_;
};

}  // namespace eft
