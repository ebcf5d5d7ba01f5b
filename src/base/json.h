#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace eft {

/// Bounds of JSON from outside. Values are handled by recursion, and an ordered object is searched key by key.
inline constexpr std::size_t kJsonDepth = 200;
inline constexpr std::size_t kJsonMembers = 20'000;       ///< of one object
inline constexpr std::size_t kJsonFileBytes = 64U << 20;  ///< of a file that describes something: config.json, an index

/// What lies beyond these bounds in `text`, or nothing ("nested deeper than 200 levels at byte 812"). Whatever else is
/// wrong with the text is left to the parser.
std::string fault_of_json_size(std::string_view text, std::size_t most_members = kJsonMembers);

/// Why a parser refused a text, in a line of our own: where it stands and what is wrong there.
std::string describe_json_error(const nlohmann::json::exception& error, std::string_view text);

/// The parser's reason alone: "invalid literal".
std::string json_error_reason(const nlohmann::json::parse_error& error);

/// A value, or why there is none.
struct ParsedJson {
  nlohmann::ordered_json value;
  std::string fault;  ///< empty when the text is JSON within bounds
};
ParsedJson parse_json(std::string_view text);

/// A value as it stands in a message, cut to 60 characters.
std::string brief(const nlohmann::ordered_json& value);

/// The text of a regular file of at most kJsonFileBytes. Throws FileError.
std::string read_json_text(const std::filesystem::path& path);

/// The object in a small JSON file. Throws FileError when it cannot be read and `Fault`, a kind of Error, when it holds
/// something else.
template <class Fault>
nlohmann::ordered_json read_json_object(const std::filesystem::path& path) {
  ParsedJson parsed = parse_json(read_json_text(path));
  if (!parsed.fault.empty()) throw Fault("{}: {}", path.string(), parsed.fault);
  if (!parsed.value.is_object()) {
    throw Fault("{}: {}, expected a JSON object", path.string(), brief(parsed.value));
  }
  return std::move(parsed.value);
}

/// Reads the keys of a JSON object, with errors that name file, key, what stands there and what should.
template <class Fault>
class JsonKeys {
 public:
  using Json = nlohmann::ordered_json;

  /// `where` names the object ("…/adapter_config.json"); the object must outlive this.
  JsonKeys(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  /// Null when absent or null.
  const Json* find(const char* key) const {
    const auto found = object_.find(key);
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  [[noreturn]] void fail(const char* key, const char* expected) const {
    const Json* value = find(key);
    throw Fault("{}: {}: {}, expected {}", where_, key, value == nullptr ? "missing" : brief(*value), expected);
  }

  std::int64_t integer(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_number_integer() || value->template get<double>() > 9.2e18)
      fail(key, "an integer");
    return value->template get<std::int64_t>();
  }
  std::int64_t integer(const char* key, std::int64_t otherwise) const {
    return find(key) == nullptr ? otherwise : integer(key);
  }
  double number(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_number()) fail(key, "a number");
    return value->template get<double>();
  }
  double number(const char* key, double otherwise) const { return find(key) == nullptr ? otherwise : number(key); }
  bool boolean(const char* key, bool otherwise) const {
    const Json* value = find(key);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) fail(key, "true or false");
    return value->template get<bool>();
  }
  std::string string(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_string()) fail(key, "a string");
    return value->template get<std::string>();
  }
  std::string string(const char* key, const char* otherwise) const {
    return find(key) == nullptr ? otherwise : string(key);
  }
  /// None when absent.
  std::vector<std::string> strings(const char* key) const {
    const Json* value = find(key);
    std::vector<std::string> items;
    if (value == nullptr) return items;
    if (!value->is_array()) fail(key, "a list of strings");
    for (const Json& item : *value) {
      if (!item.is_string()) fail(key, "a list of strings");
      items.push_back(item.template get<std::string>());
    }
    return items;
  }
  /// The object at `key`, which must be there.
  JsonKeys object(const char* key) const {
    const Json* value = find(key);
    if (value == nullptr || !value->is_object()) fail(key, "an object");
    return JsonKeys(*value, where_ + ": " + key);
  }
  const Json& all() const { return object_; }

 private:
  const Json& object_;
  std::string where_;
};

}  // namespace eft
