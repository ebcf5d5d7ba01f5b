#pragma once

#include <cstdint>
#include <optional>

#include "tensor/arena.h"
#include "tensor/host_range.h"

namespace eft {

/// Blocks on the host that lie in one stretch of addresses, or, without memory, as they would lie. What was in use at
/// once stays held for later blocks. Under AddressSanitizer only what lies inside a block may be touched.
class HostRegion {
 public:
  explicit HostRegion(bool has_memory) : has_memory_(has_memory) {}
  ~HostRegion();

  /// The offset of a new block, aligned to 64 bytes; nothing when there is no memory.
  std::optional<std::int64_t> place(std::int64_t bytes);
  void free(std::int64_t offset, std::int64_t bytes);
  /// Null without memory.
  void* at(std::int64_t offset) const { return has_memory_ ? range_.data() + offset : nullptr; }

  /// What the system sees of it.
  std::int64_t held() const { return held_; }
  /// Gives back what lies in no block. (Gaps between blocks still count as held.)
  void trim();

 private:
  bool has_memory_;
  Arena arena_;
  HostRange range_;
  std::int64_t held_ = 0;
};

}  // namespace eft
