#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "tensor/device.h"

namespace eft {

/// What all kernel slots have in common, for listings.
class KernelSlotBase {
 public:
  std::string_view name() const { return name_; }
  bool has(Device device) const { return filled_[static_cast<std::size_t>(device)]; }
  /// Every slot that at least one backend has filled.
  static const std::vector<const KernelSlotBase*>& all();

 protected:
  constexpr explicit KernelSlotBase(std::string_view name) : name_(name) {}
  void filled(Device device);

 private:
  std::string_view name_;
  std::array<bool, 3> filled_{};
};

/// The kernels of one op, a struct of typed function pointers for each device. Backends fill it at start-up; nothing but
/// the profiler changes it afterwards.
template <class Kernels>
class KernelSlot : public KernelSlotBase {
 public:
  constexpr explicit KernelSlot(std::string_view name) : KernelSlotBase(name) {}

  /// Called once by each backend's file. Returns true so that it can initialise a constant.
  bool add(Device device, Kernels kernels) {
    kernels_[static_cast<std::size_t>(device)] = kernels;
    filled(device);
    return true;
  }

  /// The kernels of `device`; null on meta, where there is nothing to run. Throws DeviceError when this build has none.
  const Kernels* find(Device device) const {
    if (device == Device::meta) return nullptr;
    const auto& kernels = kernels_[static_cast<std::size_t>(device)];
    if (!kernels) throw DeviceError("{}: this build has no {} kernel", name(), name_of(device));
    return &*kernels;
  }

  /// The kernels of `device`, or null when this build has none: for what a plan on meta asks about sizes.
  const Kernels* peek(Device device) const {
    const auto& kernels = kernels_[static_cast<std::size_t>(device)];
    return kernels ? &*kernels : nullptr;
  }

  /// Puts `kernel` in the place of one kernel of `device` and returns the one that was there.
  template <class Kernel>
  Kernel exchange(Device device, Kernel Kernels::*member, Kernel kernel) {
    auto& kernels = kernels_[static_cast<std::size_t>(device)];
    return std::exchange(kernels.value().*member, kernel);
  }

 private:
  std::array<std::optional<Kernels>, 3> kernels_{};
};

}  // namespace eft
