#include "text/bpe.h"

#include <algorithm>

#include "base/error.h"
#include "text/merge_reader.h"
#include "text/utf8.h"

namespace eft {
namespace {

using Symbol = Bpe::Scratch::Symbol;
using Candidate = Bpe::Scratch::Candidate;

std::uint32_t id_bits(TokenId id) { return static_cast<std::uint32_t>(id); }

/// For the heap: the smallest order on top.
bool is_later(const Candidate& left, const Candidate& right) { return left.order > right.order; }

TokenId need(const Vocabulary& vocabulary, std::string_view piece, const char* part, const std::string& where) {
  const auto id = vocabulary.find(piece);
  if (!id) throw DataError("{}: {} names \"{}\", which is not in model.vocab", where, part, piece);
  return *id;
}

}  // namespace

Bpe::Bpe(Vocabulary vocabulary, const MergeTexts& merges, BpeOptions options, const std::string& where)
    : vocabulary_(std::move(vocabulary)), options_(std::move(options)), byte_ids_(256, -1) {
  if (options_.unk_token) unk_ = need(vocabulary_, *options_.unk_token, "model.unk_token", where);
  if (options_.byte_fallback) {
    for (int byte = 0; byte < 256; ++byte) {
      byte_ids_[static_cast<std::size_t>(byte)] = vocabulary_.find(fmt::format("<0x{:02X}>", byte)).value_or(-1);
    }
  }
  // Unknown characters side by side may be one token.
  if (unk_ >= 0 && std::ranges::count(byte_ids_, -1) > 0) falls_apart_ = false;
  map_characters();
  add_merges(merges, where);
}

void Bpe::map_characters() {
  const auto& pieces = vocabulary_.pieces();
  for (std::size_t id = 0; id < pieces.size(); ++id) {
    if (pieces[id].empty() || utf8::width(pieces[id][0]) != pieces[id].size()) continue;
    std::size_t position = 0;
    const char32_t code = utf8::next(pieces[id], position);
    if (code >= character_ids_.size()) character_ids_.resize(code + 1, -1);
    character_ids_[code] = static_cast<TokenId>(id);
  }
}

void Bpe::add_merges(const MergeTexts& merges, const std::string& where) {
  merges_.reserve(merges.sizes.size());
  const std::vector<bool> atoms = find_atoms();
  MergeReader reader(vocabulary_, merges, where);
  std::vector<MergeIds> block;
  std::uint32_t rank = 0;
  while (reader.next(block)) {
    for (const MergeIds& merge : block) merges_.expect(id_bits(merge.left), id_bits(merge.right));
    for (const MergeIds& merge : block) {
      merges_.set(id_bits(merge.left), id_bits(merge.right), {rank++, merge.id});
      // A token that stands for a character without being spelled like it may come from any of them.
      if (atoms[id_bits(merge.left)] || atoms[id_bits(merge.right)]) falls_apart_ = false;
      // A piece with a character that is no piece itself can never come about.
      if (id_of(merge.last) >= 0 && id_of(merge.first) >= 0) joints_.add(merge.last, merge.first);
    }
  }
}

/// Ids that may stand for a character without being spelled like it.
std::vector<bool> Bpe::find_atoms() const {
  std::vector<bool> atoms(vocabulary_.pieces().size());
  for (const TokenId id : byte_ids_) {
    if (id >= 0) atoms[static_cast<std::size_t>(id)] = true;
  }
  if (unk_ >= 0) atoms[static_cast<std::size_t>(unk_)] = true;
  return atoms;
}

TokenId Bpe::id_of(char32_t code) const { return code < character_ids_.size() ? character_ids_[code] : -1; }

void Bpe::encode(std::string_view word, Scratch& scratch, std::vector<BpeToken>& out) const {
  if (options_.ignore_merges) {
    if (const auto id = vocabulary_.find(word)) {
      out.push_back({*id, static_cast<std::uint32_t>(word.size())});
      return;
    }
  }
  if (!falls_apart_) return encode_stretch(word, scratch, out);
  for (std::size_t begin = 0, end = 0; begin < word.size(); begin = end) {
    end = joints_.stretch_end(word, begin);
    const std::string_view stretch = word.substr(begin, end - begin);
    if (scratch.words.find(stretch, out)) continue;
    const std::size_t first = out.size();
    encode_stretch(stretch, scratch, out);
    scratch.words.keep(stretch, out, first);
  }
}

void Bpe::encode_stretch(std::string_view stretch, Scratch& scratch, std::vector<BpeToken>& out) const {
  auto& symbols = scratch.symbols;
  symbols.clear();
  split(stretch, symbols);
  if (symbols.size() > 1) merge(scratch);
  for (const Symbol& symbol : symbols) {
    if (symbol.size > 0) out.push_back({symbol.id, symbol.size});
  }
}

void Bpe::split(std::string_view word, std::vector<Symbol>& symbols) const {
  std::uint32_t unknown = 0;  // bytes of an unknown run that waits to be written
  const auto flush = [&] {
    if (unknown > 0) symbols.push_back({unk_, unknown, -1, -1});
    unknown = 0;
  };
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t begin = at;
    const TokenId id = id_of(utf8::next(word, at));
    const auto size = static_cast<std::uint32_t>(at - begin);
    if (id >= 0) {
      flush();
      symbols.push_back({id, size, -1, -1});
      continue;
    }
    // As in the library, bytes do not end an unknown run.
    if (append_bytes(word.substr(begin, size), symbols) || unk_ < 0) continue;
    if (!options_.fuse_unk) flush();
    unknown += size;
  }
  flush();
}

bool Bpe::append_bytes(std::string_view character, std::vector<Symbol>& symbols) const {
  const auto id_of_byte = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  if (std::any_of(character.begin(), character.end(), [&](char byte) { return id_of_byte(byte) < 0; })) return false;
  for (const char byte : character) symbols.push_back({id_of_byte(byte), 1, -1, -1});
  return true;
}

void Bpe::propose(Scratch& scratch, std::int32_t left, std::int32_t right) const {
  const Merge* merge = merges_.find(static_cast<std::uint32_t>(scratch.symbols[static_cast<std::size_t>(left)].id),
                                    static_cast<std::uint32_t>(scratch.symbols[static_cast<std::size_t>(right)].id));
  if (merge == nullptr) return;
  scratch.queue.push_back({std::uint64_t{merge->rank} << 32 | static_cast<std::uint32_t>(left), merge->id});
}

void Bpe::merge(Scratch& scratch) const {
  auto& symbols = scratch.symbols;
  auto& queue = scratch.queue;
  queue.clear();
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    symbols[i].previous = static_cast<std::int32_t>(i) - 1;
    symbols[i].next = i + 1 == symbols.size() ? -1 : static_cast<std::int32_t>(i + 1);
    if (i + 1 < symbols.size()) propose(scratch, static_cast<std::int32_t>(i), static_cast<std::int32_t>(i + 1));
  }
  std::make_heap(queue.begin(), queue.end(), is_later);
  const auto push = [&](std::int32_t left, std::int32_t right) {
    const std::size_t before = queue.size();
    if (left >= 0 && right >= 0) propose(scratch, left, right);
    if (queue.size() > before) std::push_heap(queue.begin(), queue.end(), is_later);
  };
  while (!queue.empty()) {
    const Candidate top = queue.front();
    std::pop_heap(queue.begin(), queue.end(), is_later);
    queue.pop_back();
    const auto at = static_cast<std::int32_t>(top.order & 0xFFFFFFFFU);
    Symbol& left = symbols[static_cast<std::size_t>(at)];
    if (left.size == 0 || left.next < 0) continue;
    Symbol& right = symbols[static_cast<std::size_t>(left.next)];
    // The pair may have changed since it was proposed.
    const Merge* now = merges_.find(static_cast<std::uint32_t>(left.id), static_cast<std::uint32_t>(right.id));
    if (now == nullptr || now->id != top.id) continue;
    left.id = top.id;
    left.size += right.size;
    left.next = right.next;
    right.size = 0;
    if (left.next >= 0) symbols[static_cast<std::size_t>(left.next)].previous = at;
    push(left.previous, at);
    push(at, left.next);
  }
}

}  // namespace eft
