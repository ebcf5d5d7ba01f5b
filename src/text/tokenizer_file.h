#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/replacement.h"

namespace eft {

/// What a tokenizer.json says, checked to be within what we reproduce exactly.
struct TokenizerFile {
  std::vector<std::string> pieces;
  MergeTexts merges;
  BpeOptions bpe;
  std::vector<AddedToken> added_tokens;    ///< in the order of the file, ids as it states them
  std::vector<Replacement> normalizer;     ///< patterns of one character
  std::string split_behind;                ///< the pre-tokenizer cuts behind every occurrence; empty: no pre-tokenizer
  std::vector<Replacement> decoder;        ///< applied to each piece
  bool decodes_bytes = false;              ///< runs of pieces like <0x0A> become the bytes they name
  std::optional<std::string> first_token;  ///< the special token that the post-processor puts in front
};

/// Throws FileError when the file cannot be read, DataError that names the part when it is corrupt or not supported.
TokenizerFile read_tokenizer_file(const std::filesystem::path& path);

/// What the tokenizer_config.json beside it says; all empty when there is none.
struct TokenizerConfig {
  std::string bos_token;
  std::string eos_token;
  std::string pad_token;
  std::optional<bool> add_bos_token;
};

/// Throws DataError when the file exists but is corrupt.
TokenizerConfig read_tokenizer_config(const std::filesystem::path& path);

}  // namespace eft
