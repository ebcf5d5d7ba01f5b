#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "schema/faults.h"
#include "schema/field.h"
#include "schema/yaml.h"

namespace eft {

/// Throws Refused: `run.yaml:14 lora_r: 0 is below 1`.
[[noreturn]] void refuse(const YamlNode& node, const std::string& path, const std::string& what);
/// Throws Refused for a key that nobody knows, with the nearest of `known`.
[[noreturn]] void refuse_unknown(const YamlNode& entry, const std::string& path, std::span<const std::string> known);
/// "datasets[0]" and "path" → "datasets[0].path".
std::string join_path(const std::string& path, const std::string& key);

// One overload for each kind of member. They set `out` from a node that is not null, or throw Refused; structs and
// lists read on behind a fault, so that one exception names all of them.
void read_value(const YamlNode& node, const std::string& path, bool& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, AutoBool& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, std::int64_t& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, double& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, std::string& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, std::filesystem::path& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, StringOrList& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, StringMap& out, const Bounds& bounds);
void read_value(const YamlNode& node, const std::string& path, JsonText& out, const Bounds& bounds);

/// Index of the scalar's text among `names`, or throws Refused that lists them.
std::size_t read_name(const YamlNode& node, const std::string& path, std::span<const char* const> names);
/// Throws unless the node is a list or a mapping.
void check_list(const YamlNode& node, const std::string& path);
void check_mapping(const YamlNode& node, const std::string& path);
/// Adds the keys of a mapping that are not among `known`.
void add_unknown(const YamlNode& mapping, const std::string& path, std::span<const std::string> known, Faults& faults);

struct AnyField {
  template <class... Args>
  void operator()(FieldInfo, Args&&...) {}
};

template <class T>
concept Described = std::is_class_v<T> && requires(T& options, AnyField& field) {
  describe(field, options);
};

template <class T>
concept Enumeration = std::is_enum_v<T> && requires(T value) {
  enum_names(value);
};

/// Visitor: the keys of a struct.
struct KeyCollector {
  std::vector<std::string> keys;

  template <class... Args>
  void operator()(FieldInfo info, Args&&...) {
    keys.emplace_back(info.key);
  }
};

template <Described T>
std::vector<std::string> keys_of() {
  KeyCollector collector;
  T options;
  describe(collector, options);
  return std::move(collector.keys);
}

/// Visitor: fills the members whose keys a mapping has. A key without a value counts as left out.
class StructReader {
 public:
  StructReader(const YamlNode& mapping, std::string path, Faults& faults)
      : mapping_(mapping), path_(std::move(path)), faults_(faults) {}

  template <class T>
  void operator()(FieldInfo info, T& member, const Bounds& bounds = {}) {
    const YamlNode* entry = mapping_.find(info.key);
    const std::string path = join_path(path_, info.key);
    faults_.collect([&] { read(info, entry, path, member, bounds); });
  }

 private:
  template <class T>
  void read(const FieldInfo& info, const YamlNode* entry, const std::string& path, T& member, const Bounds& bounds) {
    if (entry != nullptr && !entry->is_null()) {
      read_value(*entry, path, member, bounds);
    } else if (info.required) {
      refuse(entry != nullptr ? *entry : mapping_, path, "not set; it has no default");
    }
  }

  const YamlNode& mapping_;
  std::string path_;
  Faults& faults_;
};

template <Described T>
void read_value(const YamlNode& node, const std::string& path, T& out, const Bounds&) {
  check_mapping(node, path);
  Faults faults;
  add_unknown(node, path, keys_of<T>(), faults);
  StructReader reader(node, path, faults);
  describe(reader, out);
  faults.raise();
}

template <Enumeration T>
void read_value(const YamlNode& node, const std::string& path, T& out, const Bounds&) {
  constexpr auto spellings = enum_names(T{});
  std::vector<const char*> names;
  for (const auto& spelling : spellings) names.push_back(spelling.name);
  out = spellings[read_name(node, path, names)].value;
}

template <class E, E kMapping, class S>
void read_value(const YamlNode& node, const std::string& path, NameOrMapping<E, kMapping, S>& out, const Bounds&) {
  if (node.kind != YamlNode::Kind::mapping) return read_value(node, path, out.name, {});
  out.name = kMapping;
  read_value(node, path, out.fields, {});
}

template <class T>
void read_value(const YamlNode& node, const std::string& path, std::optional<T>& out, const Bounds& bounds) {
  read_value(node, path, out.emplace(), bounds);
}

template <class T>
void read_value(const YamlNode& node, const std::string& path, std::vector<T>& out, const Bounds& bounds) {
  check_list(node, path);
  out.clear();
  Faults faults;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const std::string place = path + '[' + std::to_string(i) + ']';
    faults.collect([&] {
      if (node.children[i].is_null()) refuse(node.children[i], place, "empty, expected a value");
      read_value(node.children[i], place, out.emplace_back(), bounds);
    });
  }
  faults.raise();
}

}  // namespace eft
