#pragma once

#include <string>
#include <vector>

#include "schema/field.h"
#include "schema/read.h"
#include "schema/write.h"

namespace eft {

struct FieldType;

/// What a member takes, as data: the source of JSON Schema and the reference page.
struct TypeInfo {
  enum class Kind {
    boolean,
    auto_boolean,
    integer,
    number,
    string,
    string_or_list,
    string_map,
    json,
    name,
    name_or_structure,
    list,
    structure
  };

  explicit TypeInfo(Kind kind_of_member);

  Kind kind;
  Bounds bounds;
  std::vector<std::string> names;  ///< kinds name and name_or_structure: the spellings
  std::vector<TypeInfo> element;   ///< kind list: what it holds (one entry)
  std::vector<FieldType> fields;   ///< kinds structure and name_or_structure
};

struct FieldType {
  std::string key;
  std::string doc;
  bool required = false;
  TypeInfo type;
  YamlNode fallback;  ///< the default; null when there is none
};

inline TypeInfo::TypeInfo(Kind kind_of_member) : kind(kind_of_member) {}

inline TypeInfo type_of(const bool*) { return TypeInfo(TypeInfo::Kind::boolean); }
inline TypeInfo type_of(const AutoBool*) { return TypeInfo(TypeInfo::Kind::auto_boolean); }
inline TypeInfo type_of(const std::int64_t*) { return TypeInfo(TypeInfo::Kind::integer); }
inline TypeInfo type_of(const double*) { return TypeInfo(TypeInfo::Kind::number); }
inline TypeInfo type_of(const std::string*) { return TypeInfo(TypeInfo::Kind::string); }
inline TypeInfo type_of(const std::filesystem::path*) { return TypeInfo(TypeInfo::Kind::string); }
inline TypeInfo type_of(const StringOrList*) { return TypeInfo(TypeInfo::Kind::string_or_list); }
inline TypeInfo type_of(const StringMap*) { return TypeInfo(TypeInfo::Kind::string_map); }
inline TypeInfo type_of(const JsonText*) { return TypeInfo(TypeInfo::Kind::json); }

template <Enumeration T>
TypeInfo type_of(const T*) {
  TypeInfo info{TypeInfo::Kind::name};
  for (const auto& spelling : enum_names(T{})) info.names.emplace_back(spelling.name);
  return info;
}

template <class T>
TypeInfo type_of(const std::optional<T>*) {
  return type_of(static_cast<const T*>(nullptr));
}

template <class T>
TypeInfo type_of(const std::vector<T>*);

/// Visitor: describes every member; defaults are those of a fresh struct.
struct TypeCollector {
  TypeInfo info{TypeInfo::Kind::structure};

  template <class T>
  void operator()(FieldInfo field, const T& member, const Bounds& bounds = {}) {
    FieldType made{field.key, field.doc, field.required, type_of(&member), {}};
    made.type.bounds = bounds;
    if (!field.required) made.fallback = node_of(member);
    info.fields.push_back(std::move(made));
  }
};

template <Described T>
TypeInfo type_of(const T*) {
  TypeCollector collector;
  T fresh;
  describe(collector, fresh);
  return std::move(collector.info);
}

template <class E, E kMapping, class S>
TypeInfo type_of(const NameOrMapping<E, kMapping, S>*) {
  TypeInfo info = type_of(static_cast<const S*>(nullptr));
  info.kind = TypeInfo::Kind::name_or_structure;
  info.names = type_of(static_cast<const E*>(nullptr)).names;
  return info;
}

template <class T>
TypeInfo type_of(const std::vector<T>*) {
  TypeInfo info{TypeInfo::Kind::list};
  info.element.push_back(type_of(static_cast<const T*>(nullptr)));
  return info;
}

/// JSON Schema (draft 2020-12) of a struct; `accepted` are further keys that take anything, with what is said about
/// them.
struct AcceptedKey {
  std::string key;
  std::string doc;
};
std::string json_schema_of(const TypeInfo& structure, const std::string& title,
                           const std::vector<AcceptedKey>& accepted);

/// Markdown table of a struct's fields: key, type, default, meaning. Structs inside lists or in the place of a name get
/// a table of their own below.
std::string options_table(const TypeInfo& structure);

}  // namespace eft
