#include "data/media/image_parts.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "data/chat/training_detail.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kSources = {"image", "url", "path", "base64", "image_url"};

std::string type_of(const Json& part, const std::string& field, const std::string& where) {
  const auto type = part.find("type");
  if (type != part.end() && type->is_string()) return type->get<std::string>();
  if (type == part.end() && part.contains("text")) return "text";
  throw DataError("{}: {}: a part without a type, expected text or image", where, field);
}

ImagePart image_part(const Json& part, const std::string& field, const std::string& where) {
  ImagePart image{.field = field, .source = nullptr};
  for (const char* key : kSources) {
    const auto found = part.find(key);
    if (found == part.end() || found->is_null()) continue;
    if (!image.source.is_null()) {
      throw DataError("{}: {}: both '{}' and '{}', expected one of them", where, field,
                      image.field.substr(image.field.rfind('.') + 1), key);
    }
    image.source = *found;
    image.base64 = std::string_view(key) == "base64";
    image.field = field + "." + key;
  }
  if (const auto index = part.find("index"); index != part.end() && index->is_number_integer()) {
    image.index = index->get<std::int64_t>();
  }
  if (const auto train = part.find("train"); train != part.end() && *train != Json(false)) {
    throw DataError("{}: {}: train: {}, expected false; the tokens of an image bear no loss", where, field,
                    train->dump());
  }
  return image;
}

[[noreturn]] void refuse(const std::string& type, const std::string& field, const std::string& where,
                         const std::string& family) {
  for (const std::string_view known : {"audio", "video"}) {
    if (type.starts_with(known) || type == "input_" + std::string(known)) {
      throw DataError("{}: {}: a part of type '{}', but {} has no {}", where, field, type, family, known);
    }
  }
  const bool likely = type.find("image") != std::string::npos || type.find("pic") != std::string::npos;
  throw DataError("{}: {}: type '{}', expected text or image{}", where, field, type,
                  likely ? "; did you mean image?" : "");
}

}  // namespace

bool has_media_parts(const Json& content) {
  return content.is_array() && std::ranges::any_of(content, [](const Json& part) {
           const auto type = part.is_object() ? part.find("type") : part.end();
           return part.is_object() && type != part.end() && *type != "text";
         });
}

PartedContent split_parts(const Json& content, const std::string& field, const std::string& where,
                          const std::string& family) {
  PartedContent result;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const Json& part = content[i];
    const std::string own = fmt::format("{}[{}]", field, i);
    const std::string type = part.is_object() ? type_of(part, own, where) : "text";
    if (type == "image" || type == "image_url") {
      result.images.push_back(image_part(part, own, where));
      result.parts.push_back({{"type", "image"}});
      continue;
    }
    if (type != "text") refuse(type, own, where, family);
    const JoinedParts text = join_parts(Json::array({part}), own, where);
    if (!text.details.empty()) {
      throw DataError(
          "{}: {}: train or weight of a text beside images is not supported yet; say it of the message, "
          "with message_field_training",
          where, own);
    }
    result.parts.push_back({{"type", "text"}, {"text", text.text}});
  }
  return result;
}

ImageColumn image_column(const Json& row) {
  ImageColumn column;
  for (const char* name : {"images", "image"}) {
    const auto found = row.find(name);
    if (found == row.end() || found->is_null()) continue;
    column.name = name;
    if (!found->is_array()) {
      column.images.push_back(*found);
    } else {
      for (const Json& item : *found) {
        if (!item.is_null()) column.images.push_back(item);
      }
    }
    break;
  }
  return column;
}

}  // namespace eft
