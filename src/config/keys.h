#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eft {

/// What becomes of a key of Axolotl that is in no struct of ours.
enum class KeyClass {
  does_anyway,     ///< asks for a way of computing that eft takes by itself; results are the same
  without_effect,  ///< speaks about machinery that eft does not have; results are the same
  unsupported,     ///< asks for something that eft does not do yet
};

/// Keys of one class that share what is said about them.
struct KeyGroup {
  KeyClass kind;
  /// Values taken without complaint: "*" any, "-" those that ask for nothing (false, 0, empty), else literal words.
  const char* accepts;
  const char* why;   ///< class unsupported: the remedy; else what eft does
  const char* keys;  ///< separated by blanks
};

/// Values of our own keys that Axolotl knows and eft does not act on yet.
struct UnsupportedValues {
  const char* key;
  const char* values;
  const char* remedy;
};

/// Everything that is known about the keys of one mapping beside the struct that reads it.
struct KeyTable {
  std::span<const KeyGroup> groups;
  std::span<const UnsupportedValues> values;
};

/// The keys of the run's mapping, and those of the entries of `datasets`.
const KeyTable& run_keys();
const KeyTable& dataset_keys();

/// The group that holds `key`, or null.
const KeyGroup* group_of(const KeyTable& table, std::string_view key);
/// All keys of the groups of one class.
std::vector<std::string> keys_of_class(const KeyTable& table, KeyClass kind);
/// "a b c" → {"a", "b", "c"}.
std::vector<std::string> words(std::string_view text);

}  // namespace eft
