#include "data/show.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>

namespace eft {
namespace {

constexpr int kBarWidth = 40;

/// Tokens in a row that look the same.
struct Run {
  std::vector<TokenId> ids;
  bool trained = false;
  bool special = false;
};

std::vector<Run> runs_of(const Example& example, const Tokenizer& tokenizer) {
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

const char* escape_of(const Run& run) {
  if (run.trained) return run.special ? "\x1b[32;4m" : "\x1b[32m";
  return run.special ? "\x1b[2;4m" : "\x1b[2m";
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

}  // namespace

std::string show_example(const Example& example, const Tokenizer& tokenizer, ShowStyle style) {
  std::string text;
  bool inside = false;
  for (const Run& run : runs_of(example, tokenizer)) {
    const std::string part = printable(tokenizer.decode(run.ids));
    if (style == ShowStyle::colour) {
      text += fmt::format("{}{}\x1b[0m", escape_of(run), part);
      continue;
    }
    if (run.trained != inside) text += run.trained ? "«" : "»";
    inside = run.trained;
    text += part;
  }
  return inside ? text + "»" : text;
}

std::string dump_example(const Example& example, bool position_ids) {
  nlohmann::ordered_json row;
  row["input_ids"] = example.tokens;
  row["labels"] = example.labels;
  if (position_ids) {
    std::vector<std::int32_t> positions(example.tokens.size());
    std::iota(positions.begin(), positions.end(), 0);
    row["position_ids"] = positions;
  }
  const auto colon = example.source.rfind(':');
  row["source"] = example.source.substr(0, colon);
  if (colon != std::string::npos) row["row"] = std::atoll(example.source.c_str() + colon + 1);
  return row.dump();
}

std::vector<std::string> length_histogram(std::span<const Example> examples) {
  std::vector<std::int64_t> counts;
  for (const Example& example : examples) {
    const auto bucket = static_cast<std::size_t>(std::bit_width(example.tokens.size()));
    if (bucket >= counts.size()) counts.resize(bucket + 1);
    ++counts[bucket];
  }
  if (counts.empty()) return {};
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());
  const auto first = std::find_if(counts.begin(), counts.end(), [](std::int64_t count) { return count > 0; });
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
