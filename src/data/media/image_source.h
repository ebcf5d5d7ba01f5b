#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "media/image_file.h"

namespace eft {

/// An image that a row names, with what its head says.
struct FoundImage {
  std::string field;  ///< "messages[0].content[1].path"
  std::string name;   ///< as the row calls it, for messages
  std::string path;   ///< of its file; empty: `bytes` are the file
  std::string bytes;
  ImageHeader header;
};

/// Where relative names of files are looked for behind the working folder, and what images may cost.
struct ImagePlaces {
  std::string where;              ///< "rows.jsonl:12"
  std::filesystem::path folder;   ///< of the file with the row
  std::filesystem::path further;  ///< media_folder; may be empty
  ImageLimits limits;
};

/// The image that `value` names: a path, file:// or data: URI, base64 (under `base64`, or a long text of that kind that
/// is no file), or an object with path and bytes. Reads the file's head only. Throws DataError that names row and
/// field.
FoundImage find_image(const nlohmann::ordered_json& value, const std::string& field, bool base64,
                      const ImagePlaces& places);

}  // namespace eft
