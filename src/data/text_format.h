#pragma once

#include <string>
#include <vector>

#include "data/format.h"

namespace eft {

/// The ids of a text on its own: with bos in front where the tokenizer asks for it. An empty text has none.
std::vector<TokenId> plain_tokens(const Tokenizer& tokenizer, const std::string& text);

/// `type: alpaca`: instruction, optional input, output. The output and eos bear loss.
class AlpacaFormat : public RowFormat {
 public:
  AlpacaFormat(const DataOptions& options, const Tokenizer& tokenizer);
  std::vector<Example> examples(const RawRow& row) const override;

 private:
  bool train_on_inputs_;
  Tokenizer tokenizer_;
};

/// `type: completion`: every token of a column bears loss, eos behind it too; a long text makes several examples of
/// sequence_len tokens.
class CompletionFormat : public RowFormat {
 public:
  CompletionFormat(const DatasetOptions& dataset, const DataOptions& options, const Tokenizer& tokenizer);
  std::vector<Example> examples(const RawRow& row) const override;

 private:
  std::string field_;
  std::int64_t sequence_len_;
  Tokenizer tokenizer_;
};

/// The text in front of an alpaca answer.
std::string alpaca_prompt(const std::string& instruction, const std::string& input);

}  // namespace eft
