#pragma once

#include <cstdint>

namespace eft {

/// A long stretch of addresses on the host whose beginning is backed by memory, as far as it was asked for.
class HostRange {
 public:
  HostRange() = default;
  ~HostRange();
  HostRange(const HostRange&) = delete;
  HostRange& operator=(const HostRange&) = delete;

  /// Makes the first `bytes` usable; false when there is no memory or no room for them.
  bool grow(std::int64_t bytes);
  /// The first byte, aligned to 2 MiB; null before anything was asked for.
  char* data() const { return data_; }
  /// At least as much as was asked for.
  std::int64_t usable() const { return usable_; }
  /// Gives the pages inside [begin, end) back to the system; read again, they are zero.
  void give_back(std::int64_t begin, std::int64_t end);

 private:
  bool reserve();

  char* data_ = nullptr;
  char* reserved_ = nullptr;
  std::int64_t size_ = 0;  // of what is reserved
  std::int64_t usable_ = 0;
};

}  // namespace eft
