#include "data/media/image_source.h"

#include <fmt/ranges.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "data/media/base64.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kShortestBase64 = 64;  // below, a text is taken for the name of a file

std::string shown(const std::string& text) {
  constexpr std::size_t kMost = 60;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "…";
}

/// One value on its way to an image.
class Finder {
 public:
  Finder(const std::string& field, const ImagePlaces& places) : field_(field), places_(places) {}

  FoundImage of_decoded(std::string bytes) const {
    FoundImage found{.field = field_,
                     .name = fmt::format("{} bytes of base64", bytes.size()),
                     .path = {},
                     .bytes = std::move(bytes),
                     .header = {}};
    found.header = read_image_header(title(found.name), std::as_bytes(std::span(found.bytes)), places_.limits);
    return found;
  }

  FoundImage of_base64(std::string_view text) const {
    auto bytes = decode_base64(text);
    if (!bytes) fail("'{}' is no base64", shown(std::string(text)));
    return of_decoded(std::move(*bytes));
  }

  FoundImage of_data_uri(const std::string& uri) const {
    const auto comma = uri.find(',');
    const std::string_view head = std::string_view(uri).substr(0, comma);
    if (comma == std::string::npos || !head.ends_with(";base64")) {
      fail("the data URI '{}' is not base64, expected data:image/png;base64,…", shown(uri));
    }
    return of_base64(std::string_view(uri).substr(comma + 1));
  }

  /// Nothing when no such file is there.
  std::optional<FoundImage> of_file(const std::string& name) const {
    std::error_code ignored;
    for (const fs::path& folder : folders()) {
      const fs::path path = folder / name;
      if (!fs::exists(path, ignored)) continue;
      if (!fs::is_regular_file(path, ignored)) fail("'{}' is no regular file, expected an image", path.string());
      if (static_cast<std::int64_t>(fs::file_size(path, ignored)) == 0) fail("'{}' is empty", path.string());
      FoundImage found{.field = field_, .name = name, .path = fs::absolute(path).string(), .bytes = {}, .header = {}};
      const MappedFile file(path);
      found.header = read_image_header(title(name), file.bytes(), places_.limits);
      return found;
    }
    return std::nullopt;
  }

  FoundImage of_text(const std::string& text, bool base64) const {
    if (text.empty()) fail("{}", "empty, expected an image");
    if (text.starts_with("http://") || text.starts_with("https://")) {
      fail("'{}' is a URL, expected a local file; eft fetches nothing, download it first", shown(text));
    }
    if (text.starts_with("data:")) return of_data_uri(text);
    if (base64) return of_base64(text);
    const std::string name = text.starts_with("file://") ? text.substr(7) : text;
    const bool long_text = name.size() > 4096;
    if (!long_text && name.find('\0') == std::string::npos) {
      if (auto found = of_file(name)) return std::move(*found);
    }
    if (text.size() >= kShortestBase64) {
      if (auto bytes = decode_base64(text)) return of_decoded(std::move(*bytes));
    }
    std::vector<std::string> looked;
    for (const fs::path& folder : folders()) looked.push_back(folder.empty() ? "." : folder.string());
    fail("no file '{}' (looked in {}), expected an image file", shown(name), fmt::join(looked, ", "));
  }

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> text, Args&&... args) const {
    throw DataError("{}: {}: {}", places_.where, field_, fmt::format(text, std::forward<Args>(args)...));
  }

 private:
  std::string title(const std::string& name) const { return fmt::format("{}: {}: '{}'", places_.where, field_, name); }
  std::vector<fs::path> folders() const {
    std::vector<fs::path> all{""};
    for (const fs::path& folder : {places_.folder, places_.further}) {
      if (!folder.empty() && folder != ".") all.push_back(folder);
    }
    return all;
  }

  const std::string& field_;
  const ImagePlaces& places_;
};

}  // namespace

FoundImage find_image(const Json& value, const std::string& field, bool base64, const ImagePlaces& places) {
  const Finder finder(field, places);
  if (value.is_string()) return finder.of_text(value.get_ref<const std::string&>(), base64);
  if (!value.is_object()) finder.fail("{}, expected the path of an image", value.type_name());
  const auto text = [&](const char* key) -> const std::string* {
    const auto found = value.find(key);
    return found != value.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
  };
  if (const std::string* bytes = text("bytes")) return finder.of_base64(*bytes);
  for (const char* key : {"path", "url"}) {
    if (const std::string* name = text(key)) return finder.of_text(*name, false);
  }
  finder.fail("{}", "an object without path or bytes, expected an image");
}

}  // namespace eft
