#include "base/copy_file.h"

#include <algorithm>

#include "base/file.h"

namespace eft {

void copy_atomically(const std::filesystem::path& from, const std::filesystem::path& to) {
  constexpr std::size_t kPart = std::size_t{1} << 20;
  const MappedFile source(from);
  AtomicFile target(to);
  for (std::span rest = source.bytes(); !rest.empty();) {
    const std::span part = rest.first(std::min(rest.size(), kPart));
    target.write(part.data(), part.size());
    forget_pages(part.data(), part.size());
    rest = rest.subspan(part.size());
  }
  target.commit();
}

}  // namespace eft
