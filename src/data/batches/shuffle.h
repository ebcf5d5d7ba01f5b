#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/random.h"

namespace eft {

/// Puts `items` into an order that depends on the state of `random` only (Fisher-Yates).
template <class T>
void shuffle(std::vector<T>& items, Random& random) {
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

}  // namespace eft
