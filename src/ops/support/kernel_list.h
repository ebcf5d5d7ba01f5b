#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/profile.h"
#include "tensor/kernel_slot.h"
#include "tensor/tensor.h"

namespace eft {

/// The work of a product [m, k]·[k, n]; `bf16`: both sides are.
KernelWork product_work(std::int64_t m, std::int64_t n, std::int64_t k, bool bf16);
/// The work of a kernel that reads as many rows as it writes, out of a larger tensor.
KernelWork copy_work(const View& to);
constexpr bool both_bf16(DType a, DType b) { return a == DType::bf16 && b == DType::bf16; }

/// Bytes that a kernel moves for one of its arguments: all of a tensor, nothing for what is none.
inline double bytes_of(const ConstView& view) {
  return view ? static_cast<double>(view.shape.elements()) * static_cast<double>(size_of(view.dtype)) : 0;
}
inline double bytes_of(const View& view) { return bytes_of(ConstView(view)); }
inline double bytes_of(const GradView& grad) { return bytes_of(grad.view) * (grad.accumulate ? 2 : 1); }
template <class T>
double bytes_of(const T&) {
  return 0;
}
template <class T>
double bytes_of(std::span<const T> list) {
  double sum = 0;
  if constexpr (!std::is_arithmetic_v<T>) {
    for (const T& one : list) sum += bytes_of(one);
  }
  return sum;
}

/// Where the calls of kernels are timed, and the device whose kernels are; null: none are.
struct Timing {
  Profile* profile = nullptr;
  Device device = Device::cpu;
};
inline constinit Timing timing;

/// The stand-in for the kernel that `Member` points to in its table: it calls the real one inside a bracket.
template <auto Member>
struct TimedKernel;
template <class Kernels, class Result, class... Arguments, Result (*Kernels::*Member)(Arguments...)>
struct TimedKernel<Member> {
  using Work = KernelWork (*)(Arguments...);
  static inline Result (*original)(Arguments...) = nullptr;
  static inline Work work = nullptr;
  static inline constinit std::string name;  ///< constant, since lists are made while the program starts

  static Result run(Arguments... arguments) {
    struct Call {
      KernelWork work;
      ~Call() { timing.profile->end(std::move(work)); }
    };
    Call call{work != nullptr ? work(arguments...) : KernelWork()};
    if (call.work.bytes < 0) call.work.bytes = (bytes_of(arguments) + ... + 0.0);
    timing.profile->begin(name);
    return original(arguments...);
  }
};

/// One kernel of a table, for its list. `work` gets a call's arguments; null: it multiplies no matrices, and reads and
/// writes all of its tensors.
template <auto Member>
struct TimedMember {
  const char* name;
  typename TimedKernel<Member>::Work work;
};
template <auto Member>
constexpr TimedMember<Member> timed(const char* name, typename TimedKernel<Member>::Work work = nullptr) {
  return {name, work};
}

/// A member that is no kernel: a number, or a question about sizes.
template <auto Member>
struct UntimedMember {};
template <auto Member>
inline constexpr UntimedMember<Member> untimed{};

namespace kernel_list {

struct Anything {
  template <class T>
  operator T() const;
};

/// How many members an aggregate has.
template <class T, class... Given>
consteval std::size_t members_of() {
  if constexpr (requires { T{Given{}..., Anything{}}; }) {
    return members_of<T, Given..., Anything>();
  } else {
    return sizeof...(Given);
  }
}

template <class Member, class... All>
inline constexpr bool kOnce = (std::size_t{std::is_same_v<Member, All>} + ...) == 1;

}  // namespace kernel_list

/// Whether `Members` are all members of the table, each once.
template <class Kernels, class... Members>
inline constexpr bool kListsAll = sizeof...(Members) == kernel_list::members_of<Kernels>() &&
                                  (kernel_list::kOnce<Members, Members...> && ...);

/// The kernels of one slot: their names, "linear.forward", and how the profiler takes hold of them and lets go.
struct KernelList {
  const KernelSlotBase* slot;
  std::vector<std::string> names;
  std::function<void(Device, bool timed)> time;
};

/// Adds to the lists; returns true.
bool add_kernel_list(KernelList list);
/// Those of all ops.
const std::vector<KernelList>& kernel_lists();

template <class Kernels, auto Member>
void add_name(const KernelSlot<Kernels>& slot, const TimedMember<Member>& member, std::vector<std::string>& names) {
  TimedKernel<Member>::name = std::string(slot.name()) + "." + member.name;
  TimedKernel<Member>::work = member.work;
  names.push_back(TimedKernel<Member>::name);
}
template <class Kernels, auto Member>
void add_name(const KernelSlot<Kernels>&, const UntimedMember<Member>&, std::vector<std::string>&) {}

template <class Kernels, auto Member>
void time_member(KernelSlot<Kernels>& slot, Device device, bool on, const TimedMember<Member>&) {
  using Stand = TimedKernel<Member>;
  if (on) {
    Stand::original = slot.exchange(device, Member, &Stand::run);
  } else {
    slot.exchange(device, Member, Stand::original);
  }
}
template <class Kernels, auto Member>
void time_member(KernelSlot<Kernels>&, Device, bool, const UntimedMember<Member>&) {}

/// Lists the members of a slot's table, in the .cpp of its op. A list that misses one, or has one twice, does not
/// compile.
template <class Kernels, class... Members>
bool list_kernels(KernelSlot<Kernels>& slot, Members... members) {
  static_assert(kListsAll<Kernels, Members...>, "every member of the table once");
  KernelList list{.slot = &slot, .names = {}, .time = [&slot, members...](Device device, bool on) {
                    if (slot.has(device)) (time_member(slot, device, on, members), ...);
                  }};
  (add_name(slot, members, list.names), ...);
  return add_kernel_list(std::move(list));
}

}  // namespace eft
