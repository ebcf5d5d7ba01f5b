#include "text/tokenizer_json.h"

#include <cstddef>
#include <cstdint>

#include "base/file.h"
#include "base/file_kind.h"
#include "base/json.h"
#include "text/tokenizer_lists.h"

namespace eft {
namespace {

using nlohmann::json;

constexpr std::int64_t kLargestId = (1 << 24) - 1;
constexpr std::size_t kLargestFile = std::size_t{1} << 30;

/// Receives the file piece by piece: model.vocab and model.merges go into flat lists, everything else into a small
/// tree.
class Reader : public nlohmann::json_sax<json> {
 public:
  Reader(TokenizerJson& out, std::string where, std::string_view text)
      : out_(out), where_(std::move(where)), text_(text) {}

  bool null() override { return value(nullptr); }
  bool boolean(bool now) override { return value(now); }
  bool number_float(number_float_t now, const string_t&) override { return value(now); }
  bool binary(binary_t&) override { return fail("has a binary value"); }

  bool number_integer(number_integer_t now) override { return list_ == List::vocab ? piece(now) : value(now); }
  bool number_unsigned(number_unsigned_t now) override {
    if (list_ != List::vocab) return value(now);
    return piece(now > static_cast<std::uint64_t>(kLargestId) ? kLargestId + 1 : static_cast<std::int64_t>(now));
  }

  bool string(string_t& now) override { return list_ == List::merges ? merge_side(now) : value(std::move(now)); }

  bool key(string_t& now) override {
    if (list_ == List::vocab) {
      piece_ = std::move(now);
    } else {
      keys_.back() = std::move(now);
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (list_ != List::none) return wrong_item();
    if (is_model_member("vocab")) {
      if (!out_.pieces.empty()) return fail("has model.vocab twice");
      list_ = List::vocab;
      return true;
    }
    return open(json::object());
  }

  bool start_array(std::size_t) override {
    if (list_ == List::merges && sides_ < 0) {
      sides_ = 0;
      return true;
    }
    if (list_ != List::none) return wrong_item();
    if (is_model_member("merges")) {
      if (!out_.merges.sizes.empty()) return fail("has model.merges twice");
      list_ = List::merges;
      return true;
    }
    return open(json::array());
  }

  bool end_object() override {
    if (list_ == List::vocab) {
      list_ = List::none;
      return true;
    }
    return close();
  }

  bool end_array() override {
    if (list_ != List::merges) return close();
    if (sides_ >= 0) {
      if (sides_ != 2) return wrong_item();
      out_.merges.sizes.emplace_back(left_size_, right_size_);
      sides_ = -1;
    } else {
      list_ = List::none;
    }
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    return fail(describe_json_error(error, text_));
  }

 private:
  enum class List { none, vocab, merges };

  [[noreturn]] bool fail(const std::string& what) const { throw DataError("{}: {}", where_, what); }

  [[noreturn]] bool wrong_item() const {
    if (list_ == List::vocab) {
      fail(fmt::format("model.vocab gives \"{}\" no id from 0 to {}", piece_, kLargestId));
    }
    fail(fmt::format("model.merges item {} is not a pair of pieces", out_.merges.sizes.size()));
  }

  bool is_model_member(const char* name) const {
    return open_.size() == 2 && keys_[0] == "model" && keys_[1] == name && open_[1]->is_object();
  }

  /// Puts `now` into the innermost open container, or makes it the root.
  json* attach(json now) {
    if (open_.empty()) {
      out_.rest = std::move(now);
      return &out_.rest;
    }
    json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(now));
      return &parent.back();
    }
    return &(parent[keys_.back()] = std::move(now));
  }

  bool open(json container) {
    if (open_.size() == kJsonDepth) fail(fmt::format("nested deeper than {} levels", kJsonDepth));
    json* const here = attach(std::move(container));
    open_.push_back(here);
    keys_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    keys_.pop_back();
    return true;
  }

  bool value(json now) {
    if (list_ != List::none) return wrong_item();
    attach(std::move(now));
    return true;
  }

  bool piece(std::int64_t id) {
    if (id < 0 || id > kLargestId) return wrong_item();
    const auto at = static_cast<std::size_t>(id);
    if (at >= out_.pieces.size()) {
      if (at >= out_.pieces.capacity()) out_.pieces.reserve(at * 2 + 1);
      out_.pieces.resize(at + 1);
    }
    std::string& place = out_.pieces[at];
    if (!place.empty()) {
      fail(fmt::format("model.vocab gives id {} to two pieces, \"{}\" and \"{}\"", id, place, piece_));
    }
    place = std::move(piece_);
    return true;
  }

  /// One piece of a merge, or both in one string as older files write them.
  bool merge_side(const std::string& now) {
    auto& [bytes, sizes] = out_.merges;
    if (sides_ >= 0) {
      (sides_ == 0 ? left_size_ : right_size_) = static_cast<std::uint32_t>(now.size());
      if (++sides_ > 2) return wrong_item();
      bytes += now;
      return true;
    }
    const std::size_t space = now.find(' ');
    if (space == std::string::npos || now.find(' ', space + 1) != std::string::npos) return wrong_item();
    bytes.append(now, 0, space).append(now, space + 1);
    sizes.emplace_back(space, now.size() - space - 1);
    return true;
  }

  TokenizerJson& out_;
  std::string where_;
  std::string_view text_;          // of the whole file
  std::vector<json*> open_;        // containers of the tree that are open
  std::vector<std::string> keys_;  // the latest key in each of them
  List list_ = List::none;
  std::string piece_;
  int sides_ = -1;  // pieces seen in the open pair of model.merges, -1 outside of pairs
  std::uint32_t left_size_ = 0;
  std::uint32_t right_size_ = 0;
};

}  // namespace

TokenizerJson read_tokenizer_json(const std::filesystem::path& path) {
  const MappedFile file(path);
  const auto bytes = file.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const std::string other = known_impostor(text); !other.empty())
    throw DataError("{}: is {}", path.string(), other);
  if (text.size() > kLargestFile) {
    throw DataError("{}: {} bytes, expected at most {} of a tokenizer", path.string(), text.size(), kLargestFile);
  }
  TokenizerJson out;
  if (read_tokenizer_lists(text, out)) return out;
  out = {};
  Reader reader(out, path.string(), text);
  json::sax_parse(text.begin(), text.end(), &reader);
  return out;
}

}  // namespace eft
