#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tensor/device.h"

namespace eft {

/// What bytes are for. `saved`: op outputs kept for the backward pass; `logits`: scores of the whole vocabulary and
/// their gradients; `workspace`: everything else that dies sooner.
enum class Category { weights, adapters, gradients, optimizer, saved, logits, workspace };
inline constexpr int kCategories = 7;
std::string_view name_of(Category category);

/// Bytes by category and in sum.
struct MemoryUse {
  std::array<std::int64_t, kCategories> by_category{};
  std::int64_t total = 0;

  std::int64_t operator[](Category category) const { return by_category[static_cast<std::size_t>(category)]; }
};

/// Source of all storage of one device. On the host all but small blocks lie in two stretches of memory, one for what
/// lasts and one for what passes with a step, which keep what was ever in use at once: steps cause no page faults after
/// the first, and rows of another length take no more than the longest. Live and peak bytes are counted by category. On
/// `meta` nothing is allocated and everything is counted, the gaps between blocks on the host included.
class Pool {
 public:
  /// On `meta`, `counted_as` says whose blocks are imitated.
  explicit Pool(Device device, Device counted_as = Device::cpu);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// A block of `bytes`, uninitialised, 64-byte aligned; goes back when the last owner lets go. Null data on meta.
  /// Throws DeviceError when there is no memory (names category and bytes).
  std::shared_ptr<void> allocate(std::int64_t bytes, Category category);
  /// Storage that lives elsewhere (a mapped file): not counted; `owner` is kept alive.
  std::shared_ptr<void> adopt(void* data, std::shared_ptr<const void> owner);

  Device device() const;
  /// The device itself or, on meta, the one whose blocks are imitated.
  Device imitated() const;
  MemoryUse live() const;
  /// Peak of the sum, with the categories as they were at that moment, since construction or `reset_peak`.
  MemoryUse peak() const;
  /// Peak of the live bytes and what is held beside them, which is what the system sees of a pool on the host.
  std::int64_t reserved_peak() const;
  void reset_peak();
  /// Gives free memory back to the system.
  void trim();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// "1.23 GB" (1 GB = 1e9 bytes).
std::string format_bytes(std::int64_t bytes);

}  // namespace eft
