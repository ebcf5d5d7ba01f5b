#include "tensor/pool.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>

#include "base/error.h"
#include "tensor/device_memory.h"

namespace eft {
namespace {

constexpr std::int64_t kAlignment = 64;
/// Free blocks are kept up to this share of the peak, but at least kMinCache.
constexpr std::int64_t kCacheShare = 4;
constexpr std::int64_t kMinCache = std::int64_t{256} << 20;

std::int64_t rounded(std::int64_t bytes) {
  const std::int64_t step = bytes >= (1 << 20) ? (1 << 16) : kAlignment;
  return std::max<std::int64_t>((bytes + step - 1) / step * step, kAlignment);
}

}  // namespace

struct Pool::State {
  Device device;
  const DeviceMemory* memory;  ///< null on cpu and meta
  Device imitated;
  bool caches;  ///< free blocks are kept here; a device keeps them itself, in the order of its stream
  std::mutex mutex;
  MemoryUse live;
  MemoryUse peak;
  std::multimap<std::int64_t, void*> free_blocks;
  std::int64_t cached = 0;
  std::int64_t unused = 0;  // of blocks that were larger than asked for
  std::int64_t reserved_peak = 0;

  State(Device where, Device counted_as)
      : device(where),
        memory(memory_of(where)),
        imitated(where == Device::meta ? counted_as : where),
        caches(imitated == Device::cpu) {}
  ~State() { release_cache(0); }

  std::int64_t reserved() const { return live.total + unused + cached; }

  void count(Category category, std::int64_t bytes) {
    live.by_category[static_cast<std::size_t>(category)] += bytes;
    live.total += bytes;
    if (live.total > peak.total) peak = live;
  }

  /// Smallest cached block that fits without wasting more than an eighth, if any.
  std::optional<void*> take(std::int64_t& bytes) {
    const auto found = free_blocks.lower_bound(bytes);
    if (found == free_blocks.end() || found->first > bytes + bytes / 8) return std::nullopt;
    void* block = found->second;
    bytes = found->first;
    cached -= bytes;
    free_blocks.erase(found);
    return block;
  }

  void release_cache(std::int64_t limit) {
    while (cached > limit && !free_blocks.empty()) {
      const auto largest = std::prev(free_blocks.end());
      cached -= largest->first;
      std::free(largest->second);
      free_blocks.erase(largest);
    }
  }

  void* fresh_block(std::int64_t& bytes) {
    if (memory != nullptr) return memory->allocate(bytes);
    if (const auto cached_block = take(bytes)) return *cached_block;
    return device == Device::meta ? nullptr : std::aligned_alloc(kAlignment, static_cast<std::size_t>(bytes));
  }

  /// A block of at least `bytes`; `size` becomes its own.
  void* acquire(std::int64_t bytes, std::int64_t& size, Category category) {
    const std::lock_guard lock(mutex);
    size = bytes;
    void* block = fresh_block(size);
    if (block == nullptr && device != Device::meta) {
      release_cache(0);
      if (memory != nullptr) memory->trim();
      size = bytes;
      block = fresh_block(size);
      if (block == nullptr) {
        throw DeviceError("{}: out of memory: {} more for {}, {} in use", name_of(device), format_bytes(bytes),
                          name_of(category), format_bytes(live.total));
      }
    }
    count(category, bytes);
    unused += size - bytes;
    reserved_peak = std::max(reserved_peak, reserved());
    return block;
  }

  void give_back(void* block, std::int64_t bytes, std::int64_t size, Category category) {
    const std::lock_guard lock(mutex);
    live.by_category[static_cast<std::size_t>(category)] -= bytes;
    live.total -= bytes;
    unused -= size - bytes;
    if (memory != nullptr) return memory->release(block);
    if (!caches) return;
    free_blocks.emplace(size, block);
    cached += size;
    release_cache(std::max(kMinCache, peak.total / kCacheShare));
  }
};

Pool::Pool(Device device, Device counted_as) : state_(std::make_shared<State>(device, counted_as)) {}
Pool::~Pool() = default;

std::shared_ptr<void> Pool::allocate(std::int64_t bytes, Category category) {
  bytes = rounded(bytes);
  std::int64_t size = 0;
  void* block = state_->acquire(bytes, size, category);
  return {block, [state = state_, bytes, size, category](void* data) { state->give_back(data, bytes, size, category); }};
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
  state_->release_cache(0);
  if (state_->memory != nullptr) state_->memory->trim();
}

std::string_view name_of(Category category) {
  constexpr std::string_view kNames[] = {"weights", "adapters", "gradients", "optimizer", "saved", "logits", "workspace"};
  return kNames[static_cast<int>(category)];
}

std::string format_bytes(std::int64_t bytes) {
  if (bytes >= 1'000'000'000) return fmt::format("{:.2f} GB", static_cast<double>(bytes) * 1e-9);
  if (bytes >= 1'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) * 1e-6);
  return fmt::format("{:.1f} kB", static_cast<double>(bytes) * 1e-3);
}

}  // namespace eft
