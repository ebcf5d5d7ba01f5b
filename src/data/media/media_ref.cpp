#include "data/media/media_ref.h"

#include <array>
#include <cstring>

#include "base/error.h"

namespace eft {
namespace {

/// What an entry begins with; the texts follow.
struct Fixed {
  std::uint32_t begin, count, crop, unused;
  std::int64_t width, height;
  std::array<std::uint64_t, 4> sizes;  ///< of field, name, path and bytes
};

}  // namespace

void append_media(std::string& list, const MediaRef& ref) {
  const Fixed fixed{ref.begin,
                    ref.count,
                    ref.crop,
                    0,
                    ref.width,
                    ref.height,
                    {ref.field.size(), ref.name.size(), ref.path.size(), ref.bytes.size()}};
  list.append(reinterpret_cast<const char*>(&fixed), sizeof(fixed));
  for (const std::string_view text : {ref.field, ref.name, ref.path, ref.bytes}) list.append(text);
}

std::vector<MediaRef> media_of(std::string_view list) {
  std::vector<MediaRef> refs;
  const auto take = [&](std::uint64_t size) {
    if (size > list.size()) throw DataError("a list of media is not whole; prepare the rows anew");
    const std::string_view part = list.substr(0, size);
    list.remove_prefix(size);
    return part;
  };
  while (!list.empty()) {
    Fixed fixed;
    std::memcpy(&fixed, take(sizeof(Fixed)).data(), sizeof(Fixed));
    MediaRef ref{.begin = fixed.begin,
                 .count = fixed.count,
                 .crop = fixed.crop,
                 .width = fixed.width,
                 .height = fixed.height,
                 .field = {},
                 .name = {},
                 .path = {},
                 .bytes = {}};
    ref.field = take(fixed.sizes[0]);
    ref.name = take(fixed.sizes[1]);
    ref.path = take(fixed.sizes[2]);
    ref.bytes = take(fixed.sizes[3]);
    refs.push_back(ref);
  }
  return refs;
}

std::string media_before(std::string_view list, std::uint32_t end) {
  std::string kept;
  for (const MediaRef& ref : media_of(list)) {
    if (ref.begin + ref.count < end) append_media(kept, ref);
  }
  return kept;
}

}  // namespace eft
