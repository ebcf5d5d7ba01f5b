#include "tensor/kernel_slot.h"

#include <algorithm>

namespace eft {
namespace {

std::vector<const KernelSlotBase*>& registry() {
  static std::vector<const KernelSlotBase*> slots;
  return slots;
}

}  // namespace

const std::vector<const KernelSlotBase*>& KernelSlotBase::all() { return registry(); }

void KernelSlotBase::filled(Device device) {
  filled_[static_cast<std::size_t>(device)] = true;
  auto& slots = registry();
  if (std::ranges::find(slots, this) == slots.end()) slots.push_back(this);
}

}  // namespace eft
