#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/replacement.h"

namespace eft {

/// The way from pieces to text: replacements in each piece, then runs of byte pieces (<0x0A>) become what they spell.
class PieceDecoder {
 public:
  PieceDecoder() = default;
  PieceDecoder(std::vector<Replacement> replacements, bool decodes_bytes)
      : replacements_(std::move(replacements)), decodes_bytes_(decodes_bytes) {}

  /// Appends the text of `piece`. Bytes are collected in `bytes` until another piece ends their run.
  void append(std::string_view piece, std::string& bytes, std::string& text) const;
  /// Ends a run of bytes: what is not UTF-8 as a whole becomes one U+FFFD a byte, as in the library.
  static void flush(std::string& bytes, std::string& text);

 private:
  std::vector<Replacement> replacements_;
  bool decodes_bytes_ = false;
};

}  // namespace eft
