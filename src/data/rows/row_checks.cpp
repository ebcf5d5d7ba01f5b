#include "data/rows/row_checks.h"

#include <algorithm>

#include "base/error.h"

namespace eft {

RowChecks::RowChecks(const Tokenizer& tokenizer, std::int64_t vocabulary)
    : tokenizer_(tokenizer), vocabulary_(vocabulary) {
  if (!tokenizer.bos_token().empty()) bos_ = tokenizer.id_of(tokenizer.bos_token());
}

void RowChecks::check_vocabulary(const std::vector<TokenId>& tokens, const std::string& where) const {
  const auto outside = std::ranges::find_if(tokens, [&](TokenId token) { return token >= vocabulary_; });
  if (outside == tokens.end()) return;
  const std::string piece = *outside < tokenizer_.size() ? fmt::format(" ('{}')", tokenizer_.piece_of(*outside)) : "";
  throw DataError(
      "{}: token {}{} is outside the model's vocabulary of {}; take it out of the row, or is it another "
      "model's tokenizer?",
      where, *outside, piece, vocabulary_);
}

void RowChecks::check(FormattedRow& row) const {
  for (const Example& example : row.examples) {
    check_vocabulary(example.tokens, example.source);
    check_vocabulary(example.labels, example.source);
  }
  if (!bos_ || row.examples.empty()) return;
  const std::vector<TokenId>& tokens = row.examples.front().tokens;
  if (tokens.empty()) return;
  if (tokens[0] != *bos_) {
    row.findings.push_back({Finding::missing_bos});
  } else if (tokens.size() > 1 && tokens[1] == *bos_) {
    row.findings.push_back({Finding::doubled_bos});
  }
}

}  // namespace eft
