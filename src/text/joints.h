#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/pair_map.h"

namespace eft {

/// Which characters may stand side by side inside a token. Between two others no merge ever reaches across, so a text
/// falls apart into stretches there that do not know of each other; they are short words in practice.
class Joints {
 public:
  void add(char32_t left, char32_t right);
  bool holds(char32_t left, char32_t right) const;
  /// Where the stretch that begins at byte `begin` of valid text ends.
  std::size_t stretch_end(std::string_view text, std::size_t begin) const;

 private:
  struct Nothing {};
  /// Characters up to here, and the one that stands for a space, are looked up in a table.
  static constexpr char32_t kSmall = 0x180;
  static constexpr char32_t kSpace = 0x2581;
  static constexpr std::size_t kClasses = kSmall + 1;

  static std::size_t class_of(char32_t code) { return code < kSmall ? code : code == kSpace ? kSmall : kClasses; }

  std::vector<bool> small_ = std::vector<bool>(kClasses * kClasses);
  PairMap<Nothing> others_;
};

}  // namespace eft
