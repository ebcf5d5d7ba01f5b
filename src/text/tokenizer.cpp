#include "text/tokenizer.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/log.h"
#include "text/piece_decoder.h"
#include "text/text_encoder.h"
#include "text/tokenizer_file.h"

namespace eft {

struct Tokenizer::Impl {
  Impl(TokenizerFile file, const std::string& where);

  void add(const std::vector<AddedToken>& tokens, const std::string& where);
  void index_added(const std::string& where);
  std::optional<TokenId> id_of(std::string_view piece) const;
  const std::string* piece_of(TokenId id) const;
  /// The piece as decoding sees it; null when there is none or when it is left out.
  const std::string* decoded_piece(TokenId id, bool skip_special) const;

  /// An added token with its spelling in decoded text.
  struct Added {
    AddedToken token;
    std::string decoded;
  };

  TextEncoder encoder;
  PieceDecoder decoder;
  std::unordered_map<TokenId, Added> added;
  std::unordered_map<std::string, TokenId> added_ids;
  std::unordered_set<std::string> special;
  TokenizerConfig config;
  bool adds_bos = false;
  std::int64_t size = 0;
};

Tokenizer::Impl::Impl(TokenizerFile file, const std::string& where) {
  Vocabulary vocabulary(std::move(file.pieces), where);
  size = static_cast<std::int64_t>(vocabulary.pieces().size());
  encoder.bpe = Bpe(std::move(vocabulary), file.merges, std::move(file.bpe), where);
  encoder.normalizer = Normalizer(file.normalizer);
  encoder.split_behind = std::move(file.split_behind);
  decoder = PieceDecoder(std::move(file.decoder), file.decodes_bytes);
  add(file.added_tokens, where);
  index_added(where);
}

/// Ids are given as the library gives them: the vocabulary's, else one behind another from the vocabulary's size on.
/// What the file says beside a token does not count.
void Tokenizer::Impl::add(const std::vector<AddedToken>& tokens, const std::string& where) {
  auto next_id = static_cast<TokenId>(encoder.bpe.vocabulary().count());
  for (AddedToken token : tokens) {
    if (token.content.empty()) continue;
    const auto known = id_of(token.content);
    const TokenId id = known ? *known : next_id++;
    if (id != token.id) {
      note(
          fmt::format("{}: added token \"{}\" has id {}, not {} as the file says", where, token.content, id, token.id));
    }
    token.id = id;
    added_ids[token.content] = id;
    if (token.special) special.insert(token.content);
    size = std::max<std::int64_t>(size, id + 1);
    added[id] = {token, token.normalized ? encoder.normalizer(token.content) : token.content};
  }
}

void Tokenizer::Impl::index_added(const std::string& where) {
  for (const auto& [id, item] : added) {
    AddedTokenFinder& finder = item.token.normalized ? encoder.normalized_tokens : encoder.raw_tokens;
    if (!item.decoded.empty() && !finder.add(item.decoded, item.token)) {
      throw DataError("{}: added_tokens has two tokens that look the same, \"{}\" and another", where,
                      item.token.content);
    }
  }
}

std::optional<TokenId> Tokenizer::Impl::id_of(std::string_view piece) const {
  const auto found = added_ids.find(std::string(piece));
  return found != added_ids.end() ? std::optional(found->second) : encoder.bpe.vocabulary().find(piece);
}

const std::string* Tokenizer::Impl::piece_of(TokenId id) const {
  if (const auto found = added.find(id); found != added.end()) return &found->second.token.content;
  const auto& pieces = encoder.bpe.vocabulary().pieces();
  if (id < 0 || static_cast<std::size_t>(id) >= pieces.size()) return nullptr;
  const std::string& piece = pieces[static_cast<std::size_t>(id)];
  return piece.empty() ? nullptr : &piece;
}

const std::string* Tokenizer::Impl::decoded_piece(TokenId id, bool skip_special) const {
  const auto found = added.find(id);
  if (found == added.end()) return piece_of(id);
  const std::string& decoded = found->second.decoded;
  return skip_special && special.contains(decoded) ? nullptr : &decoded;
}

Tokenizer Tokenizer::load(const std::filesystem::path& path) {
  const std::filesystem::path file = std::filesystem::is_directory(path) ? path / "tokenizer.json" : path;
  const std::filesystem::path folder = file.parent_path();
  if (!std::filesystem::exists(file) && std::filesystem::exists(folder / "tokenizer.model")) {
    throw FileError("{}: no such file, only tokenizer.model; save the tokenizer with transformers to get it",
                    file.string());
  }
  TokenizerFile contents = read_tokenizer_file(file);
  const std::optional<std::string> first_token = contents.first_token;
  const auto impl = std::make_shared<Impl>(std::move(contents), file.string());
  const std::filesystem::path config_path = folder / "tokenizer_config.json";
  impl->config = read_tokenizer_config(config_path);
  if (impl->config.bos_token.empty()) impl->config.bos_token = first_token.value_or("");
  // As in Transformers 5, a post-processor counts before add_bos_token of tokenizer_config.json.
  impl->adds_bos = first_token || (impl->config.add_bos_token.value_or(false) && !impl->config.bos_token.empty());
  for (const std::string& name : {impl->config.bos_token, impl->config.eos_token, impl->config.pad_token}) {
    if (name.empty() || impl->id_of(name)) continue;
    throw DataError("{}: names the token \"{}\", which is not in {}", config_path.string(), name, file.string());
  }
  return Tokenizer(impl);
}

std::vector<TokenId> Tokenizer::encode(std::string_view text) const {
  const std::vector<TokenSpan> spans = encode_spans(text);
  std::vector<TokenId> ids(spans.size());
  std::transform(spans.begin(), spans.end(), ids.begin(), [](const TokenSpan& span) { return span.id; });
  return ids;
}

std::vector<TokenSpan> Tokenizer::encode_spans(std::string_view text) const { return impl_->encoder.encode(text); }

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special) const {
  std::string text;
  std::string bytes;
  for (const TokenId id : ids) {
    if (const auto* piece = impl_->decoded_piece(id, skip_special)) impl_->decoder.append(*piece, bytes, text);
  }
  PieceDecoder::flush(bytes, text);
  return text;
}

std::optional<TokenId> Tokenizer::id_of(std::string_view piece) const { return impl_->id_of(piece); }

const std::string& Tokenizer::piece_of(TokenId id) const {
  const std::string* piece = impl_->piece_of(id);
  if (piece == nullptr) throw DataError("tokenizer: token id {} has no piece, ids end at {}", id, size() - 1);
  return *piece;
}

bool Tokenizer::is_special(TokenId id) const {
  const auto found = impl_->added.find(id);
  return found != impl_->added.end() && impl_->special.contains(found->second.token.content);
}

std::int64_t Tokenizer::size() const { return impl_->size; }
const std::string& Tokenizer::bos_token() const { return impl_->config.bos_token; }
const std::string& Tokenizer::eos_token() const { return impl_->config.eos_token; }
const std::string& Tokenizer::pad_token() const { return impl_->config.pad_token; }
bool Tokenizer::adds_bos() const { return impl_->adds_bos; }

StreamDecoder::StreamDecoder(Tokenizer tokenizer, bool skip_special)
    : tokenizer_(std::move(tokenizer)), skip_special_(skip_special) {}

std::string StreamDecoder::push(TokenId id) {
  std::string text;
  const auto& impl = *tokenizer_.impl_;
  if (const auto* piece = impl.decoded_piece(id, skip_special_)) impl.decoder.append(*piece, bytes_, text);
  return text;
}

std::string StreamDecoder::finish() {
  std::string text;
  PieceDecoder::flush(bytes_, text);
  return text;
}

}  // namespace eft
