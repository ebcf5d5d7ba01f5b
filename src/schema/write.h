#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/field.h"
#include "schema/read.h"
#include "schema/yaml.h"

namespace eft {

// One overload for each kind of member: the node from which read_value gives the same value again; null for "left out".
YamlNode node_of(bool value);
YamlNode node_of(AutoBool value);
YamlNode node_of(std::int64_t value);
YamlNode node_of(double value);
YamlNode node_of(const std::string& value);
YamlNode node_of(const std::filesystem::path& value);
YamlNode node_of(const StringOrList& value);
YamlNode node_of(const StringMap& value);
YamlNode node_of(const JsonText& value);

template <Enumeration T>
YamlNode node_of(T value) {
  for (const auto& spelling : enum_names(value)) {
    if (spelling.value == value) return node_of(std::string(spelling.name));
  }
  return {};
}

template <class T>
YamlNode node_of(const std::optional<T>& value) {
  return value ? node_of(*value) : YamlNode{};
}

template <class T>
YamlNode node_of(const std::vector<T>& value);

/// Visitor: the members of a struct as entries of a mapping.
struct StructWriter {
  YamlNode mapping = YamlNode::mapping();

  template <class T>
  void operator()(FieldInfo info, const T& member, const Bounds& = {}) {
    YamlNode entry = node_of(member);
    if (entry.is_null()) return;
    entry.key = info.key;
    mapping.children.push_back(std::move(entry));
  }
};

template <Described T>
YamlNode node_of(const T& options) {
  T copy = options;  // describe() takes what it describes by reference, for the readers
  StructWriter writer;
  describe(writer, copy);
  return std::move(writer.mapping);
}

template <class E, E kMapping, class S>
YamlNode node_of(const NameOrMapping<E, kMapping, S>& value) {
  return value.name == kMapping ? node_of(value.fields) : node_of(value.name);
}

template <class T>
YamlNode node_of(const std::vector<T>& value) {
  YamlNode list = YamlNode::sequence();
  for (const T& item : value) list.children.push_back(node_of(item));
  return list;
}

}  // namespace eft
