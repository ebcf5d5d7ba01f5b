#include "data/chat/training_detail.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

std::int64_t characters(std::string_view text) { return std::count_if(text.begin(), text.end(), starts_character); }

/// What `train` and `weight` say together; nothing when the part has neither.
std::optional<float> part_weight(const Json& part, const std::string& field, const std::string& where) {
  const auto train = part.find("train");
  const auto weight = part.find("weight");
  if (train == part.end() && weight == part.end()) return std::nullopt;
  if (weight == part.end() || (train != part.end() && !read_weight(*train, field + ".train", where))) {
    return read_weight(*train, field + ".train", where);
  }
  return read_weight(*weight, field + ".weight", where);
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
      "{}: a part of '{}' has no text (type {}), expected text parts only; processor_type: AutoProcessor trains on "
      "images, for now of Gemma 3; audio and video are not supported yet",
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
  return TrainingDetail{tokens[first].begin, tokens[last].last, detail.weight};
}

}  // namespace

float read_weight(const Json& value, const std::string& field, const std::string& where) {
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  const double number = value.is_number() ? value.get<double>() : -1;
  if (!(number >= 0 && number <= 1e6)) {
    throw DataError("{}: '{}' is {}, expected true, false or a weight from 0 on", where, field, value.dump());
  }
  return static_cast<float>(number);
}

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
    details.push_back({item["begin_offset"], item["end_offset"], item["train"].get<bool>() ? 1.0F : 0.0F});
  }
  return details;
}

JoinedParts join_parts(const Json& parts, const std::string& field, const std::string& where) {
  JoinedParts joined;
  bool told = false;
  std::int64_t offset = 0;
  for (const Json& part : parts) {
    const std::string text = part_text(part, field, where);
    const auto weight = part.is_object() ? part_weight(part, field, where) : std::nullopt;
    told = told || weight;
    const std::int64_t length = characters(text);
    if (length > 0) joined.details.push_back({offset, offset + length - 1, weight.value_or(1.0F)});
    offset += length;
    joined.text += text;
  }
  if (!told) joined.details.clear();
  return joined;
}

std::vector<float> token_weights(const std::vector<TokenSpan>& tokens, std::string_view text,
                                 const std::vector<TrainingDetail>& details) {
  const std::vector<CharacterRange> ranges = character_ranges(tokens, text);
  std::vector<float> weights(tokens.size(), 0);
  for (const TrainingDetail& detail : details) {
    const auto whole = grown(detail, ranges);
    if (!whole) continue;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (ranges[i].begin < whole->begin || ranges[i].last > whole->last) continue;
      weights[i] = std::max(weights[i], whole->weight);
    }
  }
  return weights;
}

}  // namespace eft
