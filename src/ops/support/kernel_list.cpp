#include "ops/support/kernel_list.h"

#include <fmt/format.h>

namespace eft {
namespace {

std::vector<KernelList>& registry() {
  static std::vector<KernelList> lists;
  return lists;
}

}  // namespace

bool add_kernel_list(KernelList list) {
  registry().push_back(std::move(list));
  return true;
}

const std::vector<KernelList>& kernel_lists() { return registry(); }

KernelWork product_work(std::int64_t m, std::int64_t n, std::int64_t k, bool bf16) {
  return {.flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k),
          .bf16 = bf16,
          .sizes = fmt::format("{} x {} x {}", m, n, k)};
}

KernelWork copy_work(const View& to) { return {.bytes = 2 * bytes_of(to)}; }

}  // namespace eft
