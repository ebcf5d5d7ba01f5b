#include "tensor/host_region.h"

#include <algorithm>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace eft {
namespace {

constexpr std::int64_t kAlignment = 64;

#if defined(__SANITIZE_ADDRESS__)
constexpr std::int64_t kRedZone = 64;  // behind each block, that none begins where another ends
void forbid(void* data, std::int64_t bytes) { __asan_poison_memory_region(data, static_cast<std::size_t>(bytes)); }
void allow(void* data, std::int64_t bytes) { __asan_unpoison_memory_region(data, static_cast<std::size_t>(bytes)); }
#else
constexpr std::int64_t kRedZone = 0;
void forbid(void* /*data*/, std::int64_t /*bytes*/) {}
void allow(void* /*data*/, std::int64_t /*bytes*/) {}
#endif

std::int64_t room_for(std::int64_t bytes) { return (bytes + kRedZone + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

HostRegion::~HostRegion() {
  if (range_.data() != nullptr) allow(range_.data(), range_.usable());
}

std::optional<std::int64_t> HostRegion::place(std::int64_t bytes) {
  const std::int64_t offset = arena_.place(room_for(bytes));
  const std::int64_t usable = range_.usable();
  if (has_memory_ && !range_.grow(arena_.top())) {
    arena_.free(offset, room_for(bytes));
    return std::nullopt;
  }
  held_ = std::max(held_, arena_.top());
  if (has_memory_) {
    forbid(range_.data() + usable, range_.usable() - usable);
    allow(at(offset), bytes);
  }
  return offset;
}

void HostRegion::free(std::int64_t offset, std::int64_t bytes) {
  arena_.free(offset, room_for(bytes));
  if (has_memory_) forbid(at(offset), bytes);
}

void HostRegion::trim() {
  if (has_memory_) {
    for (const auto& [offset, size] : arena_.gaps()) range_.give_back(offset, offset + size);
    range_.give_back(arena_.top(), held_);
  }
  held_ = arena_.top();
}

}  // namespace eft
