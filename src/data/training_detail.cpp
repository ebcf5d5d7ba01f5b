#include "data/training_detail.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::int64_t characters(std::string_view text) { return std::count_if(text.begin(), text.end(), starts_character); }

/// `train`, or `weight` of 0 or 1; nothing when the part says neither.
std::optional<bool> part_trains(const Json& part, const std::string& field, const std::string& where) {
  if (const auto train = part.find("train"); train != part.end()) {
    if (!train->is_boolean())
      throw DataError("{}: 'train' of a part of '{}' is {}, expected true or false", where, field, train->dump());
    return train->get<bool>();
  }
  const auto weight = part.find("weight");
  if (weight == part.end()) return std::nullopt;
  if (*weight != 0 && *weight != 1) {
    throw DataError("{}: 'weight' of a part of '{}' is {}, expected 0 or 1; others are not supported yet", where, field,
                    weight->dump());
  }
  return *weight == 1;
}

/// The text of a part, which goes by one of three names.
std::string part_text(const Json& part, const std::string& field, const std::string& where) {
  if (part.is_string()) return part.get<std::string>();
  if (!part.is_object()) {
    throw DataError("{}: a part of '{}' is {}, expected {{type: text, text: …}}", where, field, part.type_name());
  }
  for (const char* key : {"text", "content", "value"}) {
    const auto found = part.find(key);
    if (found != part.end() && found->is_string()) return found->get<std::string>();
  }
  throw DataError(
      "{}: a part of '{}' has no text (type {}), expected text parts only; images and audio are not supported yet",
      where, field, part.contains("type") ? part["type"].dump() : "missing");
}

/// First and last character of each token, as the details count them.
struct CharacterRange {
  std::int64_t begin;
  std::int64_t last;
};

std::vector<CharacterRange> character_ranges(const std::vector<TokenSpan>& tokens, std::string_view text) {
  std::vector<CharacterRange> ranges;
  std::size_t byte = 0;
  std::int64_t count = 0;
  for (const TokenSpan& token : tokens) {
    const std::size_t begin = std::min(token.begin, text.size());
    if (begin > byte) count += characters(text.substr(byte, begin - byte));
    byte = std::max(byte, begin);
    if (!ranges.empty()) ranges.back().last = count - 1;
    ranges.push_back({count, 0});
  }
  if (!ranges.empty()) ranges.back().last = characters(text) - 1;
  return ranges;
}

/// The detail grown to whole tokens; nothing when it holds none.
std::optional<TrainingDetail> grown(const TrainingDetail& detail, const std::vector<CharacterRange>& tokens) {
  const auto count = static_cast<std::ptrdiff_t>(tokens.size());
  std::ptrdiff_t first = 0;
  while (first < count && tokens[first].begin < detail.begin) ++first;
  if (first > 0 && tokens[first - 1].last > detail.begin) --first;
  std::ptrdiff_t last = count - 1;
  while (last >= 0 && tokens[last].last > detail.last) --last;
  if (last + 1 < count && tokens[last + 1].begin < detail.last) ++last;
  if (first > last) return std::nullopt;
  return TrainingDetail{tokens[first].begin, tokens[last].last, detail.train};
}

}  // namespace

std::vector<TrainingDetail> read_training_details(const Json& value, const std::string& field,
                                                  const std::string& where) {
  if (!value.is_array()) throw DataError("{}: '{}' is {}, expected a list", where, field, value.type_name());
  std::vector<TrainingDetail> details;
  for (const Json& item : value) {
    const bool good = item.is_object() && item.contains("begin_offset") && item["begin_offset"].is_number_integer() &&
                      item.contains("end_offset") && item["end_offset"].is_number_integer() && item.contains("train") &&
                      item["train"].is_boolean();
    if (!good) {
      throw DataError("{}: an entry of '{}' is {}, expected begin_offset, end_offset and train", where, field,
                      item.dump());
    }
    details.push_back({item["begin_offset"], item["end_offset"], item["train"]});
  }
  return details;
}

JoinedParts join_parts(const Json& parts, const std::string& field, const std::string& where) {
  JoinedParts joined;
  bool told = false;
  std::int64_t offset = 0;
  for (const Json& part : parts) {
    const std::string text = part_text(part, field, where);
    const auto train = part.is_object() ? part_trains(part, field, where) : std::nullopt;
    told = told || train;
    const std::int64_t length = characters(text);
    if (length > 0) joined.details.push_back({offset, offset + length - 1, train.value_or(true)});
    offset += length;
    joined.text += text;
  }
  if (!told) joined.details.clear();
  return joined;
}

std::vector<bool> trained_tokens(const std::vector<TokenSpan>& tokens, std::string_view text,
                                 const std::vector<TrainingDetail>& details) {
  const std::vector<CharacterRange> ranges = character_ranges(tokens, text);
  std::vector<bool> trained(tokens.size(), false);
  for (const TrainingDetail& detail : details) {
    const auto whole = grown(detail, ranges);
    if (!whole || !whole->train) continue;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (ranges[i].begin >= whole->begin && ranges[i].last <= whole->last) trained[i] = true;
    }
  }
  return trained;
}

}  // namespace eft
