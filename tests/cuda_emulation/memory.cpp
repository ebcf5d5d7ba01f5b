// Device memory of the emulation: pages that end where the allocation ends. They are closed to everybody until a kernel
// or a copy touches them, and closed again when it is done, so that host code which reads a device address is found.
#include <csignal>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "emulator.h"

namespace eft::emulation {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kAlignment = 16;                  // the least that a kernel may count on
constexpr std::size_t kFilled = std::size_t{32} << 20;  // larger blocks are not filled
constexpr std::byte kFill{0xff};

struct Allocation {
  char* pages;
  std::size_t page_bytes;
  char* data;
  std::size_t bytes;
  bool of_host;  ///< counts as the host's, which may touch it too
};

std::mutex mutex;
std::map<const char*, Allocation> allocations;  // by their first page
std::size_t live_bytes = 0;
thread_local int on_device = 0;
thread_local std::vector<const Allocation*> opened;
thread_local FaultHandler fault_handler = nullptr;

const Allocation* find(const void* address) {
  auto after = allocations.upper_bound(static_cast<const char*>(address));
  if (after == allocations.begin()) return nullptr;
  const Allocation& found = std::prev(after)->second;
  return static_cast<const char*>(address) < found.pages + found.page_bytes + kPage ? &found : nullptr;
}

bool open_pages(const void* address) {
  const Allocation* const found = find(address);
  if (found == nullptr || static_cast<const char*>(address) >= found->pages + found->page_bytes) return false;
  for (const Allocation* already : opened) {
    if (already == found) return false;
  }
  if (mprotect(found->pages, found->page_bytes, PROT_READ | PROT_WRITE) != 0) return false;
  opened.push_back(found);
  return true;
}

std::string describe_fault(const void* address) {
  const Allocation* const found = find(address);
  if (found == nullptr) return fmt::format("touches {}, which is no device memory", address);
  return fmt::format("touches byte {} of {} allocated bytes", static_cast<const char*>(address) - found->data,
                     found->bytes);
}

void on_fault(int signal, siginfo_t* info, void*) {
  if (on_device > 0 && open_pages(info->si_addr)) return;
  if (on_device > 0 && fault_handler != nullptr) fault_handler(describe_fault(info->si_addr));
  if (on_device == 0 && find(info->si_addr) != nullptr) {
    std::fputs("emulated CUDA: host code touches device memory\n", stderr);
  }
  std::signal(signal, SIG_DFL);
}

void watch_faults() {
  static const bool done = [] {
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    return sigaction(SIGSEGV, &action, nullptr) == 0 && sigaction(SIGBUS, &action, nullptr) == 0;
  }();
  expect(done, "signal handlers");
}

}  // namespace

namespace {

void* allocate_pages(std::size_t bytes, bool of_host) {
  watch_faults();
  const std::lock_guard lock(mutex);
  const std::size_t page_bytes = (bytes + kPage - 1) / kPage * kPage;
  void* const begin =
      mmap(nullptr, page_bytes + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED) return nullptr;
  char* const pages = static_cast<char*>(begin) + kPage;
  char* const data = pages + (page_bytes - bytes) / kAlignment * kAlignment;
  mprotect(pages, page_bytes, PROT_READ | PROT_WRITE);
  if (bytes <= kFilled) std::memset(pages, std::to_integer<int>(kFill), page_bytes);
  if (!of_host) {
    mprotect(pages, page_bytes, PROT_NONE);
    live_bytes += bytes;
  }
  allocations[pages] = {.pages = pages, .page_bytes = page_bytes, .data = data, .bytes = bytes, .of_host = of_host};
  return data;
}

}  // namespace

void* allocate(std::size_t bytes) { return allocate_pages(bytes, false); }

void* allocate_mapped(std::size_t bytes) { return allocate_pages(bytes, true); }

bool release(void* data) {
  const std::lock_guard lock(mutex);
  const Allocation* const found = find(data);
  if (found == nullptr || found->data != data) return false;
  std::erase(opened, found);
  if (!found->of_host) live_bytes -= found->bytes;
  munmap(found->pages - kPage, found->page_bytes + 2 * kPage);
  allocations.erase(found->pages);
  return true;
}

bool is_device(const void* address) {
  const std::lock_guard lock(mutex);
  return find(address) != nullptr;
}

std::size_t allocated_bytes() {
  const std::lock_guard lock(mutex);
  return live_bytes;
}

void check_argument(const std::string& launch, const void* argument, std::size_t bytes) {
  constexpr std::uintptr_t kFirst = 0x10000, kLast = std::uintptr_t{1} << 47;
  for (std::size_t at = 0; at + sizeof(void*) <= bytes; at += sizeof(void*)) {
    std::uintptr_t word = 0;
    std::memcpy(&word, static_cast<const char*>(argument) + at, sizeof word);
    if (word < kFirst || word >= kLast || is_device(reinterpret_cast<void*>(word))) continue;
    unsigned char resident = 0;
    if (mincore(reinterpret_cast<void*>(word / kPage * kPage), 1, &resident) != 0) continue;
    throw InternalError(fmt::format("{}: byte {} of an argument is an address of the host", launch, at));
  }
}

OnDevice::OnDevice() { ++on_device; }

OnDevice::~OnDevice() {
  if (--on_device > 0) return;
  for (const Allocation* allocation : opened) mprotect(allocation->pages, allocation->page_bytes, PROT_NONE);
  opened.clear();
}

void set_fault_handler(FaultHandler handler) { fault_handler = handler; }

}  // namespace eft::emulation
