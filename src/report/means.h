#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "report/metrics.h"

namespace eft {

/// Means of named values, in the order of their first. What is not a number is no value: not every micro batch has one.
class Means {
 public:
  void add(std::string_view name, double value) {
    if (std::isnan(value)) return;
    auto found = std::ranges::find(sums_, name, &Sum::name);
    if (found == sums_.end()) found = sums_.insert(found, {std::string(name)});
    found->sum += value;
    ++found->count;
  }
  void add_to(MetricValues& values) const {
    for (const Sum& one : sums_) values.emplace_back(one.name, one.sum / static_cast<double>(one.count));
  }

 private:
  struct Sum {
    std::string name;
    double sum = 0;
    std::int64_t count = 0;
  };
  std::vector<Sum> sums_;
};

}  // namespace eft
