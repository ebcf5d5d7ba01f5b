#include "tensor/arena.h"

#include <iterator>

namespace eft {

std::int64_t Arena::place(std::int64_t bytes) {
  const auto best = by_size_.lower_bound({bytes, 0});
  if (best == by_size_.end()) {
    top_ += bytes;
    return top_ - bytes;
  }
  const auto [size, offset] = *best;
  erase_gap(gaps_.find(offset));
  if (size > bytes) {
    gaps_.emplace(offset + bytes, size - bytes);
    by_size_.emplace(size - bytes, offset + bytes);
  }
  return offset;
}

void Arena::free(std::int64_t offset, std::int64_t bytes) {
  std::int64_t end = offset + bytes;
  const auto next = gaps_.lower_bound(offset);
  const auto before = next == gaps_.begin() ? gaps_.end() : std::prev(next);
  if (next != gaps_.end() && next->first == end) {
    end += next->second;
    erase_gap(next);
  }
  if (before != gaps_.end() && before->first + before->second == offset) {
    offset = before->first;
    erase_gap(before);
  }
  if (end == top_) {
    top_ = offset;
    return;
  }
  gaps_.emplace(offset, end - offset);
  by_size_.emplace(end - offset, offset);
}

void Arena::erase_gap(std::map<std::int64_t, std::int64_t>::iterator gap) {
  by_size_.erase({gap->second, gap->first});
  gaps_.erase(gap);
}

}  // namespace eft
