#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/joints.h"
#include "text/merge_texts.h"
#include "text/pair_map.h"
#include "text/vocabulary.h"
#include "text/word_cache.h"

namespace eft {

/// The rules of a byte-pair model beside its pieces and merges.
struct BpeOptions {
  std::optional<std::string> unk_token;
  bool fuse_unk = false;
  bool byte_fallback = false;
  bool ignore_merges = false;
};

/// A byte-pair model as the `tokenizers` library runs it: characters (or their bytes) first, then the merge of lowest
/// rank, leftmost first, until none applies. n log n in the length of a word.
class Bpe {
 public:
  Bpe() = default;
  /// Throws DataError (`where` names the file) when a merge or unk_token speaks of a piece that does not exist.
  Bpe(Vocabulary vocabulary, const MergeTexts& merges, BpeOptions options, const std::string& where);

  /// Work space of encode(), to be reused from word to word.
  struct Scratch {
    struct Symbol {
      TokenId id;
      std::uint32_t size;  // in bytes, 0 when merged into another
      std::int32_t previous;
      std::int32_t next;
    };
    struct Candidate {
      std::uint64_t order;  // rank, then position
      TokenId id;
    };
    std::vector<Symbol> symbols;
    std::vector<Candidate> queue;
    WordCache words;
  };

  /// Appends the tokens of `word`, valid UTF-8 of less than 2 GiB (2^31 bytes).
  void encode(std::string_view word, Scratch& scratch, std::vector<BpeToken>& out) const;
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  struct Merge {
    std::uint32_t rank;
    TokenId id;
  };

  void map_characters();
  void add_merges(const MergeTexts& merges, const std::string& where);
  std::vector<bool> find_atoms() const;
  TokenId id_of(char32_t code) const;
  void split(std::string_view word, std::vector<Scratch::Symbol>& symbols) const;
  bool append_bytes(std::string_view character, std::vector<Scratch::Symbol>& symbols) const;
  void encode_stretch(std::string_view stretch, Scratch& scratch, std::vector<BpeToken>& out) const;
  void merge(Scratch& scratch) const;
  void propose(Scratch& scratch, std::int32_t left, std::int32_t right) const;

  Vocabulary vocabulary_;
  BpeOptions options_;
  TokenId unk_ = -1;
  std::vector<TokenId> byte_ids_;       // by byte, -1 where the vocabulary lacks the piece
  std::vector<TokenId> character_ids_;  // by code point, -1 where there is no piece of one character
  PairMap<Merge> merges_;
  Joints joints_;
  bool falls_apart_ = true;  // a text at places that are no joints
};

}  // namespace eft
