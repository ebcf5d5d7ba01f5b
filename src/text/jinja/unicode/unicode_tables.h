#pragma once

#include <cstdint>
#include <span>

/// Written by tools/unicode_tables.py.
namespace eft::jinja::unicode {

struct Range {
  char32_t first;
  char32_t last;
};

/// Every `stride`-th code point of [first, last] maps to itself plus `delta`.
struct CaseRange {
  char32_t first;
  char32_t last;
  std::int32_t delta;
  std::uint8_t stride;
};

/// A code point that maps to several (0 ends the list).
struct CaseSpecial {
  char32_t from;
  char32_t to[3];
};

extern const std::span<const Range> kNotPrintable;
extern const std::span<const Range> kAlpha;
extern const std::span<const Range> kDigit;
extern const std::span<const CaseRange> kUpper;
extern const std::span<const CaseRange> kLower;
extern const std::span<const CaseSpecial> kUpperSpecial;
extern const std::span<const CaseSpecial> kTitleSpecial;

}  // namespace eft::jinja::unicode
