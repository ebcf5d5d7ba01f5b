#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/profile.h"
#include "tensor/kernel_slot.h"
#include "tensor/tensor.h"

namespace eft {

/// Matrix products of a call: their operations, the dtypes that are multiplied, and the sizes in words.
struct Products {
  double flops = 0;
  bool narrow = false;  ///< both sides are bf16
  std::string sizes;
  double bytes = -1;  ///< read and written, where that is less than all of every tensor; else −1
};

/// The running profile and what products can reach at most; none: nothing is timed.
struct ProfilerState {
  Profile* profile = nullptr;
  double peak_bf16 = 0;
  double peak_f32 = 0;
};
inline constinit ProfilerState profiler_state;

inline double bytes_of(const ConstView& view) {
  return view ? static_cast<double>(view.shape.elements()) * static_cast<double>(size_of(view.dtype)) : 0;
}
inline double bytes_of(const View& view) { return bytes_of(ConstView(view)); }
inline double bytes_of(const GradView& grad) { return bytes_of(grad.view) * (grad.accumulate ? 2 : 1); }
template <class T>
double bytes_of(std::span<const T> list) {
  double sum = 0;
  if constexpr (!std::is_arithmetic_v<T>) {
    for (const T& one : list) sum += bytes_of(one);
  }
  return sum;
}
/// Anything that is no tensor.
template <class T>
double bytes_of(const T&) {
  return 0;
}

inline KernelWork work_of(Products products, double bytes) {
  if (products.bytes >= 0) bytes = products.bytes;
  const double peak = products.narrow ? profiler_state.peak_bf16 : profiler_state.peak_f32;
  return {.flops = products.flops,
          .bytes = bytes,
          .ideal_seconds = peak > 0 ? products.flops / peak : 0,
          .detail = std::move(products.sizes)};
}

/// The stand-in for one kernel: `Member` points to it in its slot's struct.
template <auto Member>
struct ProfiledKernel;
template <class Kernels, class Result, class... Arguments, Result (*Kernels::*Member)(Arguments...)>
struct ProfiledKernel<Member> {
  static inline Result (*original)(Arguments...) = nullptr;
  static inline Products (*products)(Arguments...) = nullptr;
  static inline std::string name;

  static Result run(Arguments... arguments) {
    struct Call {
      KernelWork work;
      ~Call() { profiler_state.profile->end(std::move(work)); }
    };
    Call call{work_of(products != nullptr ? products(arguments...) : Products(), (bytes_of(arguments) + ... + 0.0))};
    profiler_state.profile->begin(name);
    return original(arguments...);
  }
};

/// How the profiler takes hold of one kernel and lets go of it.
struct ProfiledKernelEntry {
  std::string name;
  void (*attach)();
  void (*detach)();
};

template <auto Slot, auto Member>
ProfiledKernelEntry profiled(const char* kernel, decltype(ProfiledKernel<Member>::products) products = nullptr) {
  using Stand = ProfiledKernel<Member>;
  Stand::name = std::string(Slot->name()) + "." + kernel;
  Stand::products = products;
  return {Stand::name, [] { Stand::original = Slot->exchange(Device::cpu, Member, &Stand::run); },
          [] { Slot->exchange(Device::cpu, Member, Stand::original); }};
}

/// Every kernel, in profiled_kernels.cpp.
std::vector<ProfiledKernelEntry> profiled_kernel_entries();

}  // namespace eft
