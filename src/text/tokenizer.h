#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eft {

using TokenId = std::int32_t;

/// A token and the bytes of the input it stands for, [begin, end). The bytes of one character that fell back to several
/// byte tokens are shared by all of them, as in the `tokenizers` library.
struct TokenSpan {
  TokenId id;
  std::size_t begin;
  std::size_t end;
};

/// The byte-pair encoder of a `tokenizer.json` file: same ids as the Hugging Face `tokenizers` library for Gemma's
/// tokenizers (space to U+2581, byte fallback, added tokens cut out first). Immutable, safe from any thread.
class Tokenizer {
 public:
  /// `path` is a model folder or a tokenizer.json. Throws FileError when missing, DataError when it is not a tokenizer
  /// that this class can reproduce exactly (names the unsupported part).
  static Tokenizer load(const std::filesystem::path& path);

  /// Ids without special tokens added in front or behind. `text` must be UTF-8; invalid bytes throw DataError. Takes
  /// n log n time, whatever the text.
  std::vector<TokenId> encode(std::string_view text) const;
  /// The same with byte offsets into `text`.
  std::vector<TokenSpan> encode_spans(std::string_view text) const;
  /// The text of `ids`; special tokens are left out when `skip_special`, ids without a piece always.
  std::string decode(std::span<const TokenId> ids, bool skip_special = false) const;

  /// The id of a whole piece (an added token or a vocabulary entry).
  std::optional<TokenId> id_of(std::string_view piece) const;
  /// The piece of an id as the vocabulary writes it; throws DataError when there is none.
  const std::string& piece_of(TokenId id) const;
  bool is_special(TokenId id) const;
  /// One above the largest id.
  std::int64_t size() const;

  /// Named tokens of tokenizer_config.json beside the file ("<bos>", …), empty when not given. Without a bos there, the
  /// special token that the post-processor puts in front is taken.
  const std::string& bos_token() const;
  const std::string& eos_token() const;
  const std::string& pad_token() const;
  /// Whether tokenizer_config.json or the post-processor asks for bos in front of plain text.
  bool adds_bos() const;

 private:
  friend class StreamDecoder;
  struct Impl;
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// Decodes a growing list of ids, for streaming to a terminal. All it hands out together is exactly what decode() gives
/// for the whole list, so a run of byte tokens is held back until it ends.
class StreamDecoder {
 public:
  explicit StreamDecoder(Tokenizer tokenizer, bool skip_special = true);
  /// The text that became certain by this id (may be empty).
  std::string push(TokenId id);
  /// What is left; bytes that are no characters as U+FFFD. Ready for another list after it.
  std::string finish();

 private:
  Tokenizer tokenizer_;
  bool skip_special_;
  std::string bytes_;  // of byte tokens that wait for the end of their run
};

}  // namespace eft
