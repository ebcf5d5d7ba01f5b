#include "tensor/host_range.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace eft {
namespace {

constexpr std::int64_t kStep = std::int64_t{2} << 20;  // a large page
constexpr std::int64_t kGrowth = 8 * kStep;            // at least, so that the system is rarely asked
constexpr std::int64_t kLeast = std::int64_t{1} << 30;

std::int64_t up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step * step; }

/// More than can ever be in use.
std::int64_t wanted_addresses() {
  return std::max(kLeast,
                  up(2 * static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE), kStep));
}

}  // namespace

HostRange::~HostRange() {
  if (reserved_ != nullptr) ::munmap(reserved_, static_cast<std::size_t>(size_));
}

bool HostRange::reserve() {
  // Addresses alone cost nothing, but a user may have limited them.
  for (size_ = wanted_addresses() + kStep; size_ > kStep; size_ /= 2) {
    void* const got =
        ::mmap(nullptr, static_cast<std::size_t>(size_), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) continue;
    reserved_ = static_cast<char*>(got);
    data_ = reserved_ + (kStep - reinterpret_cast<std::intptr_t>(got) % kStep) % kStep;
    return true;
  }
  return false;
}

bool HostRange::grow(std::int64_t bytes) {
  if (bytes <= usable_) return true;
  if (data_ == nullptr && !reserve()) return false;
  const std::int64_t room = size_ - (data_ - reserved_);
  if (bytes > room) return false;
  const std::int64_t wanted = std::min(up(std::max(bytes, usable_ + kGrowth), kStep), room);
  char* const fresh = data_ + usable_;
  const auto size = static_cast<std::size_t>(wanted - usable_);
  if (::mprotect(fresh, size, PROT_READ | PROT_WRITE) != 0) return false;
  usable_ = wanted;
  return true;
}

void HostRange::give_back(std::int64_t begin, std::int64_t end) {
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  begin = up(begin, page);
  end = std::min(end, usable_) / page * page;
  if (begin < end) ::madvise(data_ + begin, static_cast<std::size_t>(end - begin), MADV_DONTNEED);
}

}  // namespace eft
