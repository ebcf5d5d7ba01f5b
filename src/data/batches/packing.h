#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace eft {

/// Rows of samples, by index. Holds eight bytes a sample at most.
class Bins {
 public:
  std::size_t size() const { return ends_.size(); }
  std::span<const std::uint32_t> operator[](std::size_t row) const {
    const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
    return std::span(samples_).subspan(begin, ends_[row] - begin);
  }
  void add(std::span<const std::uint32_t> row);
  void clear();
  /// The same rows in the order that `rows` lists them.
  Bins select(const std::vector<std::uint32_t>& rows) const;

 private:
  std::vector<std::uint32_t> samples_;
  std::vector<std::uint32_t> ends_;
};

using SampleOrder = std::span<const std::uint32_t>;
using SampleLengths = std::span<const std::uint32_t>;

/// Fills rows of `capacity` tokens: samples in windows of some thousand, the longest of a window first, each into the
/// first row with room. `order` lists the samples; lengths[sample] <= capacity.
Bins pack_tightly(SampleOrder order, SampleLengths lengths, std::int64_t capacity);

/// The same in nearly the given order: a sample goes into the first of the last few rows with room, and rows stay in
/// the order in which they were begun.
Bins pack_in_order(SampleOrder order, SampleLengths lengths, std::int64_t capacity);

/// The same in exactly the given order: a sample that does not fit begins the next row.
Bins pack_sequentially(SampleOrder order, SampleLengths lengths, std::int64_t capacity);

}  // namespace eft
