#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace eft {

/// A part of a message that is an image.
struct ImagePart {
  std::string field;                       ///< "messages[0].content[1]", with the key of its source where it has one
  nlohmann::ordered_json source;           ///< null: an image of the row's column
  bool base64 = false;                     ///< whether the key says that the source is that
  std::optional<std::int64_t> index = {};  ///< which of the column
};

/// A list of parts as chat templates read it: {"type": "text", …} and {"type": "image"}.
struct PartedContent {
  nlohmann::ordered_json parts = nlohmann::ordered_json::array();
  std::vector<ImagePart> images;
};

/// Reads the parts of a content with images. `field` is "messages[0].content"; `family` stands in messages. Throws
/// DataError for parts that are neither, for two sources in one, and for loss that is given by parts.
PartedContent split_parts(const nlohmann::ordered_json& content, const std::string& field, const std::string& where,
                          const std::string& family);

/// Whether a content has parts that are no texts.
bool has_media_parts(const nlohmann::ordered_json& content);

/// The images of a row's column `images` or `image`: a list, or one. Null items of it are none.
struct ImageColumn {
  std::string name;
  std::vector<nlohmann::ordered_json> images;
};
ImageColumn image_column(const nlohmann::ordered_json& row);

}  // namespace eft
