#include "text/text_encoder.h"

#include <limits>

#include "base/error.h"
#include "text/utf8.h"

namespace eft {
namespace {

/// Calls body(begin, end) for the words of text[begin, end).
template <class Body>
void for_words(std::string_view text, std::size_t begin, std::size_t end, const std::string& split_behind, Body body) {
  while (begin < end) {
    std::size_t cut = split_behind.empty() ? std::string_view::npos : text.find(split_behind, begin);
    cut = cut == std::string_view::npos || cut + split_behind.size() > end ? end : cut + split_behind.size();
    body(begin, cut);
    begin = cut;
  }
}

/// Encodes stretches without raw added tokens, one after the other, with one work space.
class StretchEncoder {
 public:
  StretchEncoder(const TextEncoder& encoder, Bpe::Scratch& scratch, std::vector<TokenSpan>& out)
      : encoder_(encoder), scratch_(scratch), out_(out) {}

  void encode(std::string_view stretch, std::size_t offset) {
    const std::string text = encoder_.normalizer(stretch);
    OriginCursor cursor(encoder_.normalizer, stretch, offset);
    for (const auto& part : encoder_.normalized_tokens.split(text)) {
      if (part.id >= 0) {
        emit(part.id, part.begin, part.end, cursor);
        continue;
      }
      for_words(text, part.begin, part.end, encoder_.split_behind,
                [&](std::size_t begin, std::size_t end) { encode_word(text, begin, end, cursor); });
    }
  }

 private:
  void encode_word(std::string_view text, std::size_t begin, std::size_t end, OriginCursor& cursor) {
    tokens_.clear();
    encoder_.bpe.encode(text.substr(begin, end - begin), scratch_, tokens_);
    for (const BpeToken& token : tokens_) {
      emit(token.id, begin, begin + token.size, cursor);
      begin += token.size;
    }
  }

  void emit(TokenId id, std::size_t begin, std::size_t end, OriginCursor& cursor) {
    const auto [first, last] = cursor.origin(begin, end);
    out_.push_back({id, first, last});
  }

  const TextEncoder& encoder_;
  Bpe::Scratch& scratch_;
  std::vector<TokenSpan>& out_;
  std::vector<BpeToken> tokens_;
};

}  // namespace

std::vector<TokenSpan> TextEncoder::encode(std::string_view text) const {
  constexpr std::size_t kLongest = std::numeric_limits<std::int32_t>::max() / 8;  // replacements may lengthen it
  if (text.size() > kLongest)
    throw DataError("tokenizer: a text of {} bytes, expected at most {}", text.size(), kLongest);
  if (const auto at = utf8::find_invalid(text)) {
    throw DataError("tokenizer: byte {} of the text (0x{:02X}) is not valid UTF-8", *at,
                    static_cast<unsigned char>(text[*at]));
  }
  std::vector<TokenSpan> out;
  out.reserve(text.size() / 4 + 1);
  const ScratchPool::Lease scratch(scratches);
  StretchEncoder stretches(*this, *scratch, out);
  for (const auto& part : raw_tokens.split(text)) {
    if (part.id >= 0) {
      out.push_back({part.id, part.begin, part.end});
    } else {
      stretches.encode(text.substr(part.begin, part.end - part.begin), part.begin);
    }
  }
  return out;
}

}  // namespace eft
