#pragma once

#include <limits>
#include <string>
#include <vector>

namespace eft {

// The words in which a struct describes its options; see docs/architecture.md, "Options". A struct of options has one
// function template beside it:
//   template <class Visitor> void describe(Visitor&& field, LoraOptions& o) {
//     field({"lora_r", "Rank of the adapter matrices."}, o.rank, Bounds{1, 1024});
//   }
// Members may be bool, std::int64_t, double, std::string, std::filesystem::path, an enumeration with `enum_names`,
// StringOrList, JsonText, StringMap, another described struct, NameOrMapping, std::optional or std::vector of these.

/// The key of a field in YAML and one sentence about it.
struct FieldInfo {
  const char* key;
  const char* doc;
  bool required = false;
};

/// Smallest and largest number that a field takes, both included unless said otherwise.
struct Bounds {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool above_min = false;  ///< min itself is not allowed
  bool below_max = false;  ///< max itself is not allowed
};

/// One spelling of an enumerator. An enumeration E has `constexpr auto enum_names(E)` beside it that returns a
/// std::array of these; the first spelling of a value is the one we write.
template <class E>
struct EnumName {
  E value;
  const char* name;
};

/// A key that takes one string or a list of them; `is_string` tells which it was.
struct StringOrList {
  std::vector<std::string> items;
  bool is_string = false;

  bool empty() const { return items.empty(); }
  bool operator==(const StringOrList&) const = default;
};

/// A free mapping (keyword arguments of a template), kept as JSON text so that options need no JSON header.
struct JsonText {
  std::string text = "{}";

  bool operator==(const JsonText&) const = default;
};

/// A mapping from string to string in the order of the file.
struct StringMap {
  struct Entry {
    std::string key;
    std::string value;
    bool operator==(const Entry&) const = default;
  };
  std::vector<Entry> entries;

  /// The value of `key`, or `fallback`.
  const std::string& value_or(const std::string& key, const std::string& fallback) const {
    for (const Entry& entry : entries) {
      if (entry.key == key) return entry.value;
    }
    return fallback;
  }
  bool operator==(const StringMap&) const = default;
};

/// A key that takes one of the names of an enumeration or a mapping; `kMapping` is the enumerator of a mapping, which
/// has no name.
template <class E, E kMapping, class S>
struct NameOrMapping {
  E name{};
  S fields;  ///< what the mapping says

  NameOrMapping() = default;
  NameOrMapping(E value) : name(value) {}
  operator E() const { return name; }
};

/// Keys of Axolotl that take true, false or "auto".
enum class AutoBool { automatic, on, off };

}  // namespace eft
