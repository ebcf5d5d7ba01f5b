#include "data/packing.h"

#include <algorithm>
#include <bit>

namespace eft {
namespace {

constexpr std::size_t kWindow = 4096;
constexpr std::size_t kOpenRows = 32;

/// A row for each sample of a window at most. A tree over the rows keeps the most room below each node, so the first
/// row with enough of it is found in log n steps.
class FirstFit {
 public:
  FirstFit(std::size_t rows, std::int64_t capacity) : leaves_(std::bit_ceil(rows)), room_(2 * leaves_, capacity) {}

  /// The first row with room for `length`, which it loses.
  std::size_t place(std::int64_t length) {
    std::size_t node = 1;
    while (node < leaves_) node = 2 * node + (room_[2 * node] >= length ? 0 : 1);
    const std::size_t row = node - leaves_;
    room_[node] -= length;
    for (node /= 2; node > 0; node /= 2) room_[node] = std::max(room_[2 * node], room_[2 * node + 1]);
    return row;
  }

 private:
  std::size_t leaves_;
  std::vector<std::int64_t> room_;
};

}  // namespace

std::vector<Bin> pack_tightly(const std::vector<std::uint32_t>& order, const std::vector<std::int64_t>& lengths,
                              std::int64_t capacity) {
  std::vector<Bin> rows;
  for (std::size_t begin = 0; begin < order.size(); begin += kWindow) {
    const std::size_t end = std::min(begin + kWindow, order.size());
    std::vector<std::uint32_t> window(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                      order.begin() + static_cast<std::ptrdiff_t>(end));
    std::stable_sort(window.begin(), window.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return lengths[a] > lengths[b]; });
    FirstFit fit(window.size(), capacity);
    const std::size_t first = rows.size();
    for (const std::uint32_t sample : window) {
      const std::size_t row = first + fit.place(lengths[sample]);
      if (row >= rows.size()) rows.resize(row + 1);
      rows[row].push_back(sample);
    }
  }
  return rows;
}

std::vector<Bin> pack_in_order(const std::vector<std::uint32_t>& order, const std::vector<std::int64_t>& lengths,
                               std::int64_t capacity) {
  std::vector<Bin> rows;
  std::vector<std::int64_t> room;
  for (const std::uint32_t sample : order) {
    std::size_t row = rows.size() > kOpenRows ? rows.size() - kOpenRows : 0;
    while (row < rows.size() && room[row] < lengths[sample]) ++row;
    if (row == rows.size()) {
      rows.emplace_back();
      room.push_back(capacity);
    }
    rows[row].push_back(sample);
    room[row] -= lengths[sample];
  }
  return rows;
}

}  // namespace eft
