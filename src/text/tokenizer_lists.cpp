#include "text/tokenizer_lists.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/json.h"
#include "text/utf8.h"

namespace eft {
namespace {

constexpr std::size_t kLargestId = (1 << 24) - 1;

/// A place in JSON text. Every function is false, or gives nothing, when it does not find what it is named for.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }

  /// `symbol` behind white space.
  bool take(char symbol) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != symbol) return false;
    ++at_;
    return true;
  }

  bool take_string(std::string& out) {
    if (!take('"')) return false;
    out.clear();
    for (std::size_t begin = at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '"' && c != '\\') continue;
      out.append(text_, begin, at_ - begin);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (!take_escape(out)) return false;
      begin = at_ + 1;
    }
    return false;
  }

  std::optional<std::size_t> take_id() {
    skip_space();
    const std::size_t begin = at_;
    std::size_t number = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && number <= kLargestId; ++at_) {
      number = number * 10 + static_cast<std::size_t>(text_[at_] - '0');
    }
    const bool padded = at_ > begin + 1 && text_[begin] == '0';
    if (at_ == begin || number > kLargestId || padded) return std::nullopt;
    return number;
  }

  /// Any value, right or wrong inside.
  bool skip_value() {
    skip_space();
    const std::size_t begin = at_;
    for (int depth = 0; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        if (!skip_string()) return false;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (depth-- == 0) break;
      } else if (c == ',' && depth == 0) {
        break;
      }
    }
    return at_ > begin;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  /// From the opening quote to the closing one.
  bool skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    return at_ < text_.size();
  }

  /// From the backslash to the last byte of an escape.
  bool take_escape(std::string& out) {
    constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (++at_ == text_.size()) return false;
    if (text_[at_] == 'u') return take_code(out);
    const std::size_t name = kNames.find(text_[at_]);
    if (name == std::string_view::npos) return false;
    out += kMeanings[name];
    return true;
  }

  /// Four hexadecimal digits behind a u, of a character below the surrogates.
  bool take_code(std::string& out) {
    unsigned code = 0;
    const char* digits = text_.data() + at_ + 1;
    const char* end = text_.data() + std::min(at_ + 5, text_.size());
    const auto [last, error] = std::from_chars(digits, end, code, 16);
    if (error != std::errc() || last != digits + 4 || code >= 0xD800) return false;
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else {
      if (code >= 0x800) out += static_cast<char>(0xE0 | code >> 12);
      out += static_cast<char>(code < 0x800 ? 0xC0 | code >> 6 : 0x80 | (code >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (code & 0x3F));
    }
    at_ += 4;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

bool take_vocab(Walk& walk, std::vector<std::string>& pieces) {
  if (!walk.take('{')) return false;
  std::string piece;
  do {
    if (!walk.take_string(piece) || piece.empty() || !walk.take(':')) return false;
    const auto id = walk.take_id();
    if (!id) return false;
    if (*id >= pieces.size()) {
      if (*id >= pieces.capacity()) pieces.reserve(*id * 2 + 1);
      pieces.resize(*id + 1);
    }
    if (!pieces[*id].empty()) return false;
    pieces[*id] = piece;
  } while (walk.take(','));
  return walk.take('}');
}

bool take_merges(Walk& walk, MergeTexts& merges) {
  if (!walk.take('[')) return false;
  std::string left, right;
  do {
    if (!walk.take('[')) return false;
    if (!walk.take_string(left) || !walk.take(',') || !walk.take_string(right) || !walk.take(']')) return false;
    merges.bytes.append(left).append(right);
    merges.sizes.emplace_back(left.size(), right.size());
  } while (walk.take(','));
  return walk.take(']');
}

/// The members of the object at `walk`; `take` takes the value of a key, or leaves it where it is.
template <class Take>
bool take_members(Walk& walk, Take take) {
  if (!walk.take('{')) return false;
  std::string key;
  do {
    if (!walk.take_string(key) || !walk.take(':') || !take(key)) return false;
  } while (walk.take(','));
  return walk.take('}');
}

}  // namespace

bool read_tokenizer_lists(std::string_view text, TokenizerJson& out) {
  if (utf8::find_invalid(text)) return false;
  Walk walk(text);
  std::string rest;        // with null in the place of the lists
  std::size_t copied = 0;  // of the text
  bool seen = false;       // a model
  const auto replace = [&](const auto& take_list) {
    rest.append(text, copied, walk.at() - copied).append("null");
    const bool taken = take_list();
    copied = walk.at();
    return taken;
  };
  const auto member_of_model = [&](const std::string& key) {
    if (key == "vocab" && out.pieces.empty()) return replace([&] { return take_vocab(walk, out.pieces); });
    if (key == "merges" && out.merges.sizes.empty()) return replace([&] { return take_merges(walk, out.merges); });
    return key != "vocab" && key != "merges" && walk.skip_value();
  };
  const auto member = [&](const std::string& key) {
    if (key != "model") return walk.skip_value();
    return !std::exchange(seen, true) && take_members(walk, member_of_model);
  };
  if (!take_members(walk, member)) return false;
  rest.append(text, copied);
  if (!fault_of_json_size(rest).empty()) return false;  // the slow reader names the fault
  out.rest = nlohmann::json::parse(rest, nullptr, false);
  return !out.rest.is_discarded() && !out.pieces.empty() && !out.merges.sizes.empty();
}

}  // namespace eft
