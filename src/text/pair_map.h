#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace eft {

/// A flat hash map from two 32-bit numbers: open addressing, at most half full, nothing is ever removed.
template <class Value>
class PairMap {
 public:
  /// Room for `count` pairs without growing.
  void reserve(std::size_t count) {
    const std::size_t wanted = std::bit_ceil(count * 2 + 2);
    if (wanted > slots_.size()) rehash(wanted);
  }

  /// Sets or replaces the value of (left, right).
  void set(std::uint32_t left, std::uint32_t right, Value value) {
    if (size_ * 2 >= slots_.size()) rehash(slots_.empty() ? 16 : slots_.size() * 2);
    Slot& slot = slots_[place_of(key_of(left, right))];
    if (slot.key == kFree) ++size_;
    slot = {key_of(left, right), value};
  }

  /// The value of (left, right), or null.
  const Value* find(std::uint32_t left, std::uint32_t right) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place_of(key_of(left, right))];
    return slot.key == kFree ? nullptr : &slot.value;
  }

  /// Brings the place of (left, right) near; a set() or find() of it some time later is faster.
  void expect(std::uint32_t left, std::uint32_t right) const {
    if (!slots_.empty()) __builtin_prefetch(&slots_[first_place_of(key_of(left, right))]);
  }

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t key;
    [[no_unique_address]] Value value;
  };
  static constexpr std::uint64_t kFree = ~std::uint64_t{0};  // no pair of ids, which are below 2^31

  static std::uint64_t key_of(std::uint32_t left, std::uint32_t right) { return std::uint64_t{left} << 32 | right; }

  std::size_t first_place_of(std::uint64_t key) const {
    std::uint64_t mixed = key * 0x9E3779B97F4A7C15U;
    mixed ^= mixed >> 32;
    return (mixed * 0x9E3779B97F4A7C15U) >> shift_;
  }

  std::size_t place_of(std::uint64_t key) const {
    std::size_t place = first_place_of(key);
    while (slots_[place].key != kFree && slots_[place].key != key) place = (place + 1) & (slots_.size() - 1);
    return place;
  }

  void rehash(std::size_t count) {
    std::vector<Slot> old(count, Slot{kFree, Value{}});
    old.swap(slots_);
    shift_ = 64 - std::countr_zero(count);
    for (const Slot& slot : old) {
      if (slot.key != kFree) slots_[place_of(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  int shift_ = 0;
};

}  // namespace eft
