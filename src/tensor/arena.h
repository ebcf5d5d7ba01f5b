#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace eft {

/// Places blocks on a line that begins at 0: in the smallest gap that holds them, else behind the last one. Gaps that
/// meet become one. It knows offsets only, so that a sequence of blocks lies the same whether there is memory or not.
class Arena {
 public:
  /// The offset of a new block.
  std::int64_t place(std::int64_t bytes);
  /// Takes back a block that was placed.
  void free(std::int64_t offset, std::int64_t bytes);

  /// End of the last block.
  std::int64_t top() const { return top_; }
  /// Gaps below the top, size by offset.
  const std::map<std::int64_t, std::int64_t>& gaps() const { return gaps_; }

 private:
  void erase_gap(std::map<std::int64_t, std::int64_t>::iterator gap);

  std::map<std::int64_t, std::int64_t> gaps_;
  std::set<std::pair<std::int64_t, std::int64_t>> by_size_;  // size, offset
  std::int64_t top_ = 0;
};

}  // namespace eft
