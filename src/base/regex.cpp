#include "base/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8  // the library has one set of names for each width
#include <pcre2.h>

#include "base/error.h"

namespace eft {
namespace {

constexpr std::size_t kLongestPattern = 16384;
constexpr std::uint32_t kDeepestGroups = 100;
// Names of modules and tensors have some hundred characters: honest patterns need a few thousand steps for one.
constexpr std::uint32_t kMostSteps = 200'000;
constexpr std::uint32_t kMostHeapKib = 16 << 10;

using CompileContext = std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)>;
using MatchContext = std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)>;
using MatchData = std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)>;

/// The two spellings that Python has and PCRE2 10.42 does not: \Z is the very end, {,n} begins at none.
std::string from_python(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\' && i + 1 < pattern.size()) {
      const char next = pattern[++i];
      (out += c) += next == 'Z' && !in_class ? 'z' : next;
      continue;
    }
    if (c == '[' && !in_class) {
      in_class = true;
      // A bracket that comes first in a class is a character of it.
      out += c;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') out += pattern[++i];
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') out += pattern[++i];
      continue;
    }
    if (c == ']') in_class = false;
    out += c;
    if (c == '{' && !in_class && i + 1 < pattern.size() && pattern[i + 1] == ',') out += '0';
  }
  return out;
}

const char* fault_of(int code) {
  switch (code) {
    case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
      return "a ( without its )";
    case PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS:
      return "a ) without its (";
    case PCRE2_ERROR_MISSING_SQUARE_BRACKET:
      return "a [ without its ]";
    case PCRE2_ERROR_CLASS_RANGE_ORDER:
      return "a range that ends before it begins";
    case PCRE2_ERROR_QUANTIFIER_INVALID:
      return "nothing in front of it to repeat";
    case PCRE2_ERROR_QUANTIFIER_TOO_BIG:
      return "a number of repetitions above 65535";
    case PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER:
      return "repetitions {most,least}";
    case PCRE2_ERROR_END_BACKSLASH:
      return "a backslash at the end";
    case PCRE2_ERROR_UNKNOWN_ESCAPE:
      return "a backslash before a letter that means nothing";
    case PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE:
      return "a reference to a group that is not there";
    case PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH:
      return "a look-behind of no fixed length";
    case PCRE2_ERROR_PARENTHESES_NEST_TOO_DEEP:
      return "more than 100 groups inside each other";
    case PCRE2_ERROR_PATTERN_TOO_LARGE:
      return "repetitions that make it too large";
    default:
      return "what has no meaning here";
  }
}

/// A pattern as it stands in a message.
std::string shown(std::string_view pattern) {
  constexpr std::size_t kLongest = 60;
  return pattern.size() <= kLongest ? std::string(pattern) : std::string(pattern.substr(0, kLongest)) + "…";
}

}  // namespace

Regex::Regex(std::string_view pattern, std::string where) : pattern_(shown(pattern)), where_(std::move(where)) {
  if (pattern.size() > kLongestPattern) {
    throw ConfigError("{}: a regular expression of {} characters, expected at most {}", where_, pattern.size(),
                      kLongestPattern);
  }
  const CompileContext context(pcre2_compile_context_create(nullptr), pcre2_compile_context_free);
  pcre2_set_parens_nest_limit(context.get(), kDeepestGroups);
  const std::string text = from_python(pattern);
  int error = 0;
  std::size_t offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &error,
                                   &offset, context.get());
  if (code == nullptr) {
    throw ConfigError("{}: {} is not a regular expression: {} at character {}", where_, pattern_, fault_of(error),
                      offset);
  }
  code_ = std::shared_ptr<void>(code, [](void* held) { pcre2_code_free(static_cast<pcre2_code*>(held)); });
}

bool Regex::search(std::string_view text, unsigned options) const {
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  const MatchContext context(pcre2_match_context_create(nullptr), pcre2_match_context_free);
  pcre2_set_match_limit(context.get(), kMostSteps);
  pcre2_set_depth_limit(context.get(), kMostSteps);
  pcre2_set_heap_limit(context.get(), kMostHeapKib);
  const MatchData data(pcre2_match_data_create(1, nullptr), pcre2_match_data_free);
  const int found =
      pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, options, data.get(), context.get());
  if (found >= 0) return true;
  if (found == PCRE2_ERROR_NOMATCH) return false;
  throw ConfigError(
      "{}: the regular expression {} takes more than {} steps on \"{}\"; repeat less in it, or list names", where_,
      pattern_, kMostSteps, shown(text));
}

bool Regex::matches(std::string_view text) const { return search(text, PCRE2_ANCHORED | PCRE2_ENDANCHORED); }

bool Regex::found_in(std::string_view text) const { return search(text, 0); }

}  // namespace eft
