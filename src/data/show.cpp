#include "data/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBarWidth = 40;

/// Tokens in a row that look the same.
struct Run {
  std::vector<TokenId> ids;
  bool trained = false;
  bool special = false;
};

std::vector<Run> runs_of(const ExampleView& example, const Tokenizer& tokenizer) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    const bool trained = example.labels[i] != kIgnoreLabel;
    const bool special = tokenizer.is_special(example.tokens[i]);
    if (runs.empty() || runs.back().trained != trained || runs.back().special != special) {
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

/// The name of a file need not be UTF-8.
std::string dumped(const Json& row) { return row.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string show_example(const ExampleView& example, const Tokenizer& tokenizer, ShowStyle style) {
  std::string text;
  bool inside = false;
  for (const Run& run : runs_of(example, tokenizer)) {
    const std::string part = printable(tokenizer.decode(run.ids));
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
  for (std::size_t i = 0; i < example.tokens.size(); ++i) {
    const TokenId id = example.tokens[i];
    const bool trained = example.labels[i] != kIgnoreLabel;
    std::string token = fmt::format("{}:{}", id, piece_of(id, tokenizer));
    if (trained && style == ShowStyle::plain) token = "«" + token + "»";
    const std::size_t width = characters(token);
    const bool wraps = column > 0 && column + 1 + width > columns;
    if (column > 0) text += wraps ? '\n' : ' ';
    column = (wraps || column == 0 ? 0 : column + 1) + width;
    text += style == ShowStyle::plain ? token : escape_of(trained, tokenizer.is_special(id)) + token + "\x1b[0m";
  }
  return text;
}

std::string dump_example(const ExampleView& example) {
  Json row{{"input_ids", example.tokens}, {"labels", example.labels}};
  if (!example.weights.empty()) row["weights"] = example.weights;
  row["source"] = example.file;
  if (example.row > 0) row["row"] = example.row;
  return dumped(row);
}

std::string dump_packed(std::span<const ExampleView> examples) {
  Json row{{"input_ids", Json::array()}, {"labels", Json::array()}, {"position_ids", Json::array()},
           {"segments", Json::array()},  {"source", Json::array()}, {"row", Json::array()}};
  const bool weighted = std::ranges::any_of(examples, [](const ExampleView& one) { return !one.weights.empty(); });
  std::int64_t segment = 0;
  for (const ExampleView& example : examples) {
    ++segment;
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
