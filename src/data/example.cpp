#include "data/example.h"

#include <algorithm>

namespace eft {
namespace {

std::int64_t count_labels(const std::vector<std::int32_t>& labels, std::size_t from) {
  return std::count_if(labels.begin() + static_cast<std::ptrdiff_t>(std::min(from, labels.size())), labels.end(),
                       [](std::int32_t label) { return label != kIgnoreLabel; });
}

}  // namespace

std::int64_t Example::label_tokens() const { return count_labels(labels, 1); }

std::int64_t PackedRow::label_tokens() const { return count_labels(targets, 0); }

}  // namespace eft
