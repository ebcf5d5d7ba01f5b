#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/formats/format.h"
#include "text/tokenizer.h"

namespace eft {

/// What holds for the tokens of every row, whatever its format.
class RowChecks {
 public:
  /// `vocabulary`: rows of the model's embedding.
  RowChecks(const Tokenizer& tokenizer, std::int64_t vocabulary);

  /// Adds what is found about bos. Throws DataError for a token that the model does not have.
  void check(FormattedRow& row) const;
  /// The second half alone.
  void check_vocabulary(const std::vector<TokenId>& tokens, const std::string& where) const;

 private:
  Tokenizer tokenizer_;
  std::int64_t vocabulary_;
  std::optional<TokenId> bos_;
};

}  // namespace eft
