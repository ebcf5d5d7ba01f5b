#include "data/batches/packing.h"

#include <algorithm>
#include <bit>

namespace eft {
namespace {

constexpr std::size_t kWindow = 4096;
constexpr std::size_t kOpenRows = 32;

/// A row that may still be filled.
struct OpenRow {
  std::vector<std::uint32_t> samples;
  std::int64_t room = 0;
};

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

void Bins::add(std::span<const std::uint32_t> row) {
  samples_.insert(samples_.end(), row.begin(), row.end());
  ends_.push_back(static_cast<std::uint32_t>(samples_.size()));
}

void Bins::clear() {
  samples_.clear();
  ends_.clear();
}

Bins Bins::select(const std::vector<std::uint32_t>& rows) const {
  Bins bins;
  bins.samples_.reserve(samples_.size());
  bins.ends_.reserve(rows.size());
  for (const std::uint32_t row : rows) bins.add((*this)[row]);
  return bins;
}

Bins pack_tightly(SampleOrder order, SampleLengths lengths, std::int64_t capacity) {
  Bins bins;
  for (std::size_t begin = 0; begin < order.size(); begin += kWindow) {
    const SampleOrder part = order.subspan(begin, std::min(kWindow, order.size() - begin));
    std::vector<std::uint32_t> window(part.begin(), part.end());
    std::ranges::stable_sort(window, [&](std::uint32_t a, std::uint32_t b) { return lengths[a] > lengths[b]; });
    FirstFit fit(window.size(), capacity);
    std::vector<std::vector<std::uint32_t>> rows;
    for (const std::uint32_t sample : window) {
      const std::size_t row = fit.place(lengths[sample]);
      if (row >= rows.size()) rows.resize(row + 1);
      rows[row].push_back(sample);
    }
    for (const auto& row : rows) bins.add(row);
  }
  return bins;
}

Bins pack_in_order(SampleOrder order, SampleLengths lengths, std::int64_t capacity) {
  Bins bins;
  std::vector<OpenRow> open;  // oldest first
  for (const std::uint32_t sample : order) {
    auto row = std::ranges::find_if(open, [&](const OpenRow& one) { return one.room >= lengths[sample]; });
    if (row == open.end()) {
      if (open.size() == kOpenRows) {
        bins.add(open.front().samples);
        open.erase(open.begin());
      }
      row = open.insert(open.end(), {{}, capacity});
    }
    row->samples.push_back(sample);
    row->room -= lengths[sample];
  }
  for (const OpenRow& row : open) bins.add(row.samples);
  return bins;
}

Bins pack_sequentially(SampleOrder order, SampleLengths lengths, std::int64_t capacity) {
  Bins bins;
  OpenRow row{{}, capacity};
  for (const std::uint32_t sample : order) {
    if (row.room < lengths[sample] && !row.samples.empty()) {
      bins.add(row.samples);
      row = {{}, capacity};
    }
    row.samples.push_back(sample);
    row.room -= lengths[sample];
  }
  if (!row.samples.empty()) bins.add(row.samples);
  return bins;
}

}  // namespace eft
