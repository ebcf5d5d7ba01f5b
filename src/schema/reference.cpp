#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "schema/number.h"
#include "schema/type_info.h"

namespace eft {
namespace {

using Kind = TypeInfo::Kind;

std::string range_text(const Bounds& bounds) {
  const bool low = std::isfinite(bounds.min);
  const bool high = std::isfinite(bounds.max);
  const std::string min = fmt::format("{}{}", bounds.above_min ? "above " : "from ", number_text(bounds.min));
  const std::string max = fmt::format("{}{}", bounds.below_max ? "below " : "to ", number_text(bounds.max));
  if (low && high) return fmt::format(", {} {}", min, max);
  if (low) return ", " + min;
  return high ? ", " + max : "";
}

std::string type_text(const TypeInfo& type) {
  switch (type.kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::auto_boolean:
      return "true, false or auto";
    case Kind::integer:
      return "whole number" + range_text(type.bounds);
    case Kind::number:
      return "number" + range_text(type.bounds);
    case Kind::string:
      return "text";
    case Kind::string_or_list:
      return "text or list of texts";
    case Kind::string_map:
      return "mapping of names";
    case Kind::json:
      return "mapping";
    case Kind::name:
      return fmt::format("{}", fmt::join(type.names, ", "));
    case Kind::name_or_structure:
      return fmt::format("{}, or a mapping, see below", fmt::join(type.names, ", "));
    case Kind::list:
      return "list of " + type_text(type.element.front());
    case Kind::structure:
      return "mappings, see below";
  }
  return "";
}

std::string default_text(const FieldType& field) {
  if (field.required) return "required";
  if (field.fallback.is_null()) return "";
  return '`' + to_json(field.fallback) + '`';
}

}  // namespace

std::string options_table(const TypeInfo& structure) {
  std::string page = "| key | takes | default | meaning |\n| --- | --- | --- | --- |\n";
  std::vector<std::pair<std::string, const TypeInfo*>> nested;
  for (const FieldType& field : structure.fields) {
    const bool is_struct = field.type.kind == Kind::structure;
    page += fmt::format("| `{}` | {} | {} | {} |\n", field.key, is_struct ? "a mapping, see below" : type_text(field.type),
                        default_text(field), field.doc);
    const bool holds_structs = field.type.kind == Kind::list && field.type.element.front().kind == Kind::structure;
    if (holds_structs) nested.emplace_back("Each of `" + field.key + '`', &field.type.element.front());
    if (is_struct || field.type.kind == Kind::name_or_structure)
      nested.emplace_back('`' + field.key + "` as a mapping", &field.type);
  }
  for (const auto& [title, element] : nested) page += fmt::format("\n### {}\n\n{}", title, options_table(*element));
  return page;
}

}  // namespace eft
