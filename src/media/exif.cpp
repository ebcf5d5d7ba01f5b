#include "media/formats.h"

namespace eft {
namespace {

constexpr std::uint32_t kOrientation = 0x0112;

/// Numbers of a TIFF block, which begins with their byte order.
class Tiff {
 public:
  explicit Tiff(std::span<const std::byte> bytes) : bytes_(bytes) {
    little_ = bytes.size() > 1 && bytes[0] == std::byte{'I'} && bytes[1] == std::byte{'I'};
    const bool big = bytes.size() > 1 && bytes[0] == std::byte{'M'} && bytes[1] == std::byte{'M'};
    valid_ = (little_ || big) && number(2, 2) == 42;
  }
  bool valid() const { return valid_; }
  /// The number of `size` bytes at `at`; 0 beyond the end.
  std::uint32_t number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = std::to_integer<std::uint32_t>(bytes_[at + (little_ ? size - 1 - i : i)]);
      value = value << 8 | byte;
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool little_ = false;
  bool valid_ = false;
};

}  // namespace

int exif_orientation(std::span<const std::byte> bytes) {
  const Tiff tiff(bytes);
  if (!tiff.valid()) return 1;
  const std::size_t directory = tiff.number(4, 4);
  const std::size_t entries = tiff.number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (entry + 12 > bytes.size()) break;
    if (tiff.number(entry, 2) != kOrientation) continue;
    const std::uint32_t value = tiff.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace eft
