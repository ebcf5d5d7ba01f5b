#include "text/stable_pieces.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace eft {

std::vector<std::string> stable_pieces(const Tokenizer& tokenizer, std::span<const TokenId> ids,
                                       const std::string& what) {
  std::vector<std::string> pieces;
  std::string all;
  for (const TokenId id : ids) {
    if (id < 0 || id >= tokenizer.size()) {
      throw ConfigError("token {} of config.json, for {}: the tokenizer has {} tokens; is it another model's?", id,
                        what, tokenizer.size());
    }
    pieces.push_back(tokenizer.piece_of(id));
    all += pieces.back();
  }
  if (!std::ranges::equal(tokenizer.encode(all), ids)) {
    throw ConfigError("tokens {} of config.json, for {}: the tokenizer reads their text '{}' otherwise",
                      fmt::join(ids, ", "), what, all);
  }
  return pieces;
}

}  // namespace eft
