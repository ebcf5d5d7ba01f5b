#include "tensor/pool.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "base/error.h"
#include "tensor/device_memory.h"
#include "tensor/host_region.h"
#include "tensor/out_of_memory.h"

namespace eft {
namespace {

constexpr std::int64_t kAlignment = 64;
/// Smaller blocks on the host come from the C library.
constexpr std::int64_t kPlaced = 4096;

std::int64_t rounded(std::int64_t bytes) {
  return std::max<std::int64_t>((bytes + kAlignment - 1) / kAlignment * kAlignment, kAlignment);
}

/// Whether blocks stay for a whole run. Among those of a step they would leave gaps.
bool lasts(Category category) {
  return category != Category::saved && category != Category::logits && category != Category::workspace;
}

/// A block and, on the host, its place in a region.
struct Block {
  void* data = nullptr;
  std::int64_t bytes = 0;
  Category category = Category::workspace;
  std::int64_t offset = 0;
};

}  // namespace

struct Pool::State {
  Device device;
  const DeviceMemory* memory;  ///< null on cpu and meta
  Device imitated;
  std::mutex mutex;
  MemoryUse live;
  MemoryUse peak;
  HostRegion lasting;
  HostRegion passing;
  std::int64_t outside = 0;  // live, but in neither region
  std::int64_t reserved_peak = 0;

  State(Device where, Device counted_as)
      : device(where),
        memory(memory_of(where)),
        imitated(where == Device::meta ? counted_as : where),
        lasting(where == Device::cpu),
        passing(where == Device::cpu) {}

  HostRegion& region(const Block& block) { return lasts(block.category) ? lasting : passing; }

  /// Other devices look after their free blocks themselves, in the order of their stream.
  bool is_placed(const Block& block) const { return imitated == Device::cpu && block.bytes >= kPlaced; }

  std::int64_t reserved() const { return outside + lasting.held() + passing.held(); }

  void count(const Block& block, std::int64_t bytes) {
    live.by_category[static_cast<std::size_t>(block.category)] += bytes;
    live.total += bytes;
    if (!is_placed(block)) outside += bytes;
    if (live.total > peak.total) peak = live;
    reserved_peak = std::max(reserved_peak, reserved());
  }

  /// False when there is no memory.
  bool place(Block& block) {
    HostRegion& where = region(block);
    const auto offset = where.place(block.bytes);
    if (!offset) return false;
    block.offset = *offset;
    block.data = where.at(*offset);
    return true;
  }

  bool obtain(Block& block) {
    if (is_placed(block)) return place(block);
    if (device == Device::meta) return true;
    const auto bytes = static_cast<std::size_t>(block.bytes);
    block.data = memory != nullptr ? memory->allocate(block.bytes) : std::aligned_alloc(kAlignment, bytes);
    return block.data != nullptr;
  }

  void acquire(Block& block) {
    const std::lock_guard lock(mutex);
    bool obtained = obtain(block);
    if (!obtained && memory != nullptr) {
      memory->trim();
      obtained = obtain(block);
    }
    if (!obtained) {
      throw OutOfMemory(
          fmt::format("{}: out of memory: {} more for {}, {} in use", name_of(device), format_bytes(block.bytes),
                      name_of(block.category), format_bytes(live.total)),
          live.total + block.bytes);
    }
    count(block, block.bytes);
  }

  void release(const Block& block) {
    const std::lock_guard lock(mutex);
    count(block, -block.bytes);
    if (is_placed(block)) return region(block).free(block.offset, block.bytes);
    if (memory != nullptr) return memory->release(block.data);
    std::free(block.data);
  }
};

Pool::Pool(Device device, Device counted_as) : state_(std::make_shared<State>(device, counted_as)) {}
Pool::~Pool() = default;

std::shared_ptr<void> Pool::allocate(std::int64_t bytes, Category category) {
  Block block{.bytes = rounded(bytes), .category = category};
  state_->acquire(block);
  return {block.data, [state = state_, block](void*) { state->release(block); }};
}

std::shared_ptr<void> Pool::adopt(void* data, std::shared_ptr<const void> owner) {
  return {data, [owner = std::move(owner)](void*) {}};
}

Device Pool::device() const { return state_->device; }

Device Pool::imitated() const { return state_->imitated; }

MemoryUse Pool::live() const {
  const std::lock_guard lock(state_->mutex);
  return state_->live;
}

MemoryUse Pool::peak() const {
  const std::lock_guard lock(state_->mutex);
  return state_->peak;
}

std::int64_t Pool::reserved_peak() const {
  const std::lock_guard lock(state_->mutex);
  return state_->reserved_peak;
}

void Pool::reset_peak() {
  const std::lock_guard lock(state_->mutex);
  state_->peak = state_->live;
  state_->reserved_peak = state_->reserved();
}

void Pool::trim() {
  const std::lock_guard lock(state_->mutex);
  state_->lasting.trim();
  state_->passing.trim();
  if (state_->memory != nullptr) state_->memory->trim();
}

std::string_view name_of(Category category) {
  constexpr std::string_view kNames[] = {"weights", "adapters", "gradients", "optimizer",
                                         "saved",   "logits",   "workspace"};
  return kNames[static_cast<int>(category)];
}

std::string format_bytes(std::int64_t bytes) {
  if (bytes >= 1'000'000'000) return fmt::format("{:.2f} GB", static_cast<double>(bytes) * 1e-9);
  if (bytes >= 1'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) * 1e-6);
  return fmt::format("{:.1f} kB", static_cast<double>(bytes) * 1e-3);
}

}  // namespace eft
