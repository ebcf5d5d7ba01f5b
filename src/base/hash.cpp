#include "base/hash.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "base/error.h"

namespace eft {
namespace {

// Odd numbers without a pattern; multiplying by them spreads every bit upwards, rotating brings it down again.
constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15;
constexpr std::uint64_t kSecond = 0xd6e8feb86659fd93;
constexpr std::size_t kPiece = std::size_t{1} << 18;

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

Hasher::Hasher() {
  for (std::size_t lane = 0; lane < kLanes; ++lane) lanes_[lane] = mixed(kFirst * (lane + 1));
}

void Hasher::take(const char* block) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::uint64_t word;
    std::memcpy(&word, block + lane * sizeof(word), sizeof(word));
    lanes_[lane] = std::rotl(lanes_[lane] ^ (word * kFirst), 29) * kSecond;
  }
}

void Hasher::add(std::string_view bytes) {
  if (bytes.empty()) return;
  std::size_t held = size_ % kBlock;
  size_ += bytes.size();
  if (held > 0) {
    const std::size_t part = std::min(kBlock - held, bytes.size());
    std::memcpy(rest_.data() + held, bytes.data(), part);
    bytes.remove_prefix(part);
    held += part;
    if (held < kBlock) return;
    take(rest_.data());
  }
  for (; bytes.size() >= kBlock; bytes.remove_prefix(kBlock)) take(bytes.data());
  if (!bytes.empty()) std::memcpy(rest_.data(), bytes.data(), bytes.size());
}

void Hasher::add_part(std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  add({reinterpret_cast<const char*>(&size), sizeof(size)});
  add(bytes);
}

std::array<std::uint64_t, 2> Hasher::digest() const {
  Hasher last = *this;
  const std::size_t held = size_ % kBlock;
  std::fill(last.rest_.begin() + static_cast<std::ptrdiff_t>(held), last.rest_.end(), '\0');
  last.take(last.rest_.data());
  std::array<std::uint64_t, 2> sums = {mixed(size_ ^ kFirst), mixed(size_ ^ kSecond)};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sums[0] = mixed(sums[0] ^ last.lanes_[lane]);
    sums[1] = mixed(sums[1] + std::rotl(last.lanes_[lane], 17) * kFirst);
  }
  return sums;
}

std::string Hasher::hex() const {
  const auto sums = digest();
  return fmt::format("{:016x}{:016x}", sums[0], sums[1]);
}

void add_file(Hasher& hasher, const std::filesystem::path& path, std::uint64_t most) {
  if (std::filesystem::is_directory(path)) throw FileError("{}: is a folder, expected a file", path.string());
  std::ifstream in(path, std::ios::binary);
  if (!in) throw FileError("{}: cannot open: {}", path.string(), std::strerror(errno));
  std::vector<char> piece(kPiece);
  while (in && most > 0) {
    in.read(piece.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(piece.size(), most)));
    const auto got = static_cast<std::size_t>(in.gcount());
    hasher.add({piece.data(), got});
    most -= got;
  }
  if (in.bad()) throw FileError("{}: cannot read: {}", path.string(), std::strerror(errno));
}

}  // namespace eft
