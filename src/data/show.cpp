#include "data/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/media/media_ref.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBarWidth = 40;

/// Tokens in a row that look the same; with a word those of an image.
struct Run {
  std::vector<TokenId> ids;
  bool trained = false;
  bool special = false;
  std::string word = {};
};

/// "⟨image cat.jpg 612×425 → 256 tokens⟩"
std::string word_of(const MediaRef& ref) {
  const std::string part = ref.crop == 0 ? "" : fmt::format(", part {}", ref.crop);
  return fmt::format("⟨image {} {}×{}{} → {} tokens⟩", ref.name, ref.width, ref.height, part, ref.count);
}

/// Images of an example, each from the token that begins it to the one that ends it.
class Blocks {
 public:
  explicit Blocks(const ExampleView& example) : refs_(media_of(example.media)) {}

  /// The image that begins with token i, if one does. Asked for ascending tokens.
  const MediaRef* at(std::size_t i) {
    while (next_ < refs_.size() && refs_[next_].begin - 1 < i) ++next_;
    return next_ < refs_.size() && refs_[next_].begin - 1 == i ? &refs_[next_] : nullptr;
  }

 private:
  std::vector<MediaRef> refs_;
  std::size_t next_ = 0;
};

std::vector<Run> runs_of(const ExampleView& example, const Tokenizer& tokenizer) {
  std::vector<Run> runs;
  Blocks blocks(example);
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    if (const MediaRef* ref = blocks.at(i)) {
      runs.push_back({.ids = {}, .trained = false, .special = true, .word = word_of(*ref)});
      i += ref->count + 1;
      continue;
    }
    const bool trained = example.labels[i] != kIgnoreLabel;
    const bool special = tokenizer.is_special(example.tokens[i]);
    if (runs.empty() || !runs.back().word.empty() || runs.back().trained != trained || runs.back().special != special) {
      runs.push_back({{}, trained, special});
    }
    runs.back().ids.push_back(example.tokens[i]);
  }
  return runs;
}

const char* escape_of(bool trained, bool special) {
  if (trained) return special ? "\x1b[32;4m" : "\x1b[32m";
  return special ? "\x1b[2;4m" : "\x1b[2m";
}

/// Control characters of the data must not reach the terminal.
std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F) {
      out += c == '\r' ? "\\r" : fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

/// The piece of a token on one line.
std::string piece_of(TokenId id, const Tokenizer& tokenizer) {
  std::string out;
  for (const char c : printable(tokenizer.piece_of(id))) {
    out += c == '\n' ? std::string("\\n") : c == '\t' ? std::string("\\t") : std::string(1, c);
  }
  return out;
}

/// Characters, not bytes.
std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

/// Adds the types of an example's tokens (1 where one stands for an image, else 0) and its images to a row.
void add_media(Json& row, const ExampleView& example) {
  const std::size_t first = row["types"].size();
  std::vector<int> types(example.tokens.size(), 0);
  for (const MediaRef& ref : media_of(example.media)) {
    std::fill_n(types.begin() + ref.begin, ref.count, 1);
    Json one{
        {"kind", "image"},     {"source", ref.path.empty() ? "bytes:" + std::string(ref.name) : std::string(ref.name)},
        {"part", ref.field},   {"tokens", {first + ref.begin - 1, first + ref.begin + ref.count + 1}},
        {"soft", ref.count},   {"width", ref.width},
        {"height", ref.height}};
    if (ref.crop > 0) one["crop"] = ref.crop;
    row["media"].push_back(std::move(one));
  }
  for (const int type : types) row["types"].push_back(type);
}

/// The name of a file need not be UTF-8.
std::string dumped(const Json& row) { return row.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string show_example(const ExampleView& example, const Tokenizer& tokenizer, ShowStyle style) {
  std::string text;
  bool inside = false;
  for (const Run& run : runs_of(example, tokenizer)) {
    const std::string part = printable(run.word.empty() ? tokenizer.decode(run.ids) : run.word);
    if (style == ShowStyle::colour) {
      text += fmt::format("{}{}\x1b[0m", escape_of(run.trained, run.special), part);
      continue;
    }
    if (run.trained != inside) text += run.trained ? "«" : "»";
    inside = run.trained;
    text += part;
  }
  return inside ? text + "»" : text;
}

std::string show_tokens(const ExampleView& example, const Tokenizer& tokenizer, ShowStyle style, std::size_t columns) {
  std::string text;
  std::size_t column = 0;
  Blocks blocks(example);
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    const TokenId id = example.tokens[i];
    const bool trained = example.labels[i] != kIgnoreLabel;
    std::string token = fmt::format("{}:{}", id, piece_of(id, tokenizer));
    if (const MediaRef* ref = blocks.at(i)) {
      token = printable(word_of(*ref));
      i += ref->count + 1;
    }
    if (trained && style == ShowStyle::plain) token = "«" + token + "»";
    const std::size_t width = characters(token);
    const bool wraps = column > 0 && column + 1 + width > columns;
    if (column > 0) text += wraps ? '\n' : ' ';
    column = (wraps || column == 0 ? 0 : column + 1) + width;
    text += style == ShowStyle::plain ? token : escape_of(trained, tokenizer.is_special(id)) + token + "\x1b[0m";
  }
  return text;
}

std::string dump_example(const ExampleView& example, bool with_media) {
  Json row{{"input_ids", example.tokens}, {"labels", example.labels}};
  if (!example.weights.empty()) row["weights"] = example.weights;
  if (with_media) {
    row["types"] = Json::array();
    row["media"] = Json::array();
    add_media(row, example);
  }
  row["source"] = example.file;
  if (example.row > 0) row["row"] = example.row;
  return dumped(row);
}

std::string dump_packed(std::span<const ExampleView> examples, bool with_media) {
  Json row{{"input_ids", Json::array()}, {"labels", Json::array()}, {"position_ids", Json::array()},
           {"segments", Json::array()},  {"source", Json::array()}, {"row", Json::array()}};
  const bool weighted = std::ranges::any_of(examples, [](const ExampleView& one) { return !one.weights.empty(); });
  if (with_media) row["types"] = row["media"] = Json::array();
  std::int64_t segment = 0;
  for (const ExampleView& example : examples) {
    ++segment;
    if (with_media) add_media(row, example);
    for (std::size_t i = 0; i < example.tokens.size(); ++i) {
      row["input_ids"].push_back(example.tokens[i]);
      row["labels"].push_back(example.labels[i]);
      row["position_ids"].push_back(i);
      row["segments"].push_back(segment);
      if (weighted) row["weights"].push_back(example.weights.empty() ? 1.0F : example.weights[i]);
    }
    row["source"].push_back(example.file);
    row["row"].push_back(example.row);
  }
  return dumped(row);
}

std::vector<std::string> length_histogram(const std::vector<std::int64_t>& counts) {
  const auto first = std::ranges::find_if(counts, [](std::int64_t count) { return count > 0; });
  if (first == counts.end()) return {};
  const std::int64_t most = std::ranges::max(counts);
  std::vector<std::string> lines;
  for (auto bucket = static_cast<std::size_t>(first - counts.begin()); bucket < counts.size(); ++bucket) {
    const std::size_t from = bucket == 0 ? 0 : std::size_t{1} << (bucket - 1);
    const std::size_t to = bucket == 0 ? 0 : (std::size_t{1} << bucket) - 1;
    const auto width = static_cast<std::size_t>((counts[bucket] * kBarWidth + most - 1) / most);
    lines.push_back(fmt::format("{:>7} to {:<7} tokens {:>9}  {}", from, to, counts[bucket], std::string(width, '#')));
  }
  return lines;
}

}  // namespace eft
