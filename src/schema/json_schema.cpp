#include <cmath>
#include <nlohmann/json.hpp>

#include "schema/type_info.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;
using Kind = TypeInfo::Kind;

Json schema_of(const TypeInfo& type);

Json object_schema(const TypeInfo& structure) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const FieldType& field : structure.fields) {
    Json schema = schema_of(field.type);
    schema["description"] = field.doc;
    if (!field.fallback.is_null()) schema["default"] = Json::parse(to_json(field.fallback));
    if (field.required) {
      required.push_back(field.key);
    } else if (schema.contains("type")) {
      schema["type"] = Json::array({schema["type"], "null"});
    } else if (schema.contains("enum")) {
      schema["enum"].push_back(nullptr);
    }
    properties[field.key] = std::move(schema);
  }
  Json schema = {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

void add_bounds(Json& schema, const Bounds& bounds) {
  if (std::isfinite(bounds.min)) schema[bounds.above_min ? "exclusiveMinimum" : "minimum"] = bounds.min;
  if (std::isfinite(bounds.max)) schema[bounds.below_max ? "exclusiveMaximum" : "maximum"] = bounds.max;
}

Json schema_of(const TypeInfo& type) {
  const Json strings = {{"type", "array"}, {"items", {{"type", "string"}}}};
  Json schema;
  switch (type.kind) {
    case Kind::boolean:
      schema["type"] = "boolean";
      break;
    case Kind::auto_boolean:
      schema["enum"] = Json::array({true, false, "auto"});
      break;
    case Kind::integer:
      schema["type"] = "integer";
      break;
    case Kind::number:
      schema["type"] = "number";
      break;
    case Kind::string:
      schema["type"] = "string";
      break;
    case Kind::string_or_list:
      schema["anyOf"] = Json::array({{{"type", "string"}}, strings, {{"type", "null"}}});
      break;
    case Kind::string_map:
      schema["type"] = "object";
      schema["additionalProperties"] = {{"type", "string"}};
      break;
    case Kind::json:
      schema["type"] = "object";
      break;
    case Kind::name:
      schema["enum"] = type.names;
      break;
    case Kind::name_or_structure:
      schema["anyOf"] = Json::array({{{"enum", type.names}}, object_schema(type)});
      break;
    case Kind::list:
      schema["type"] = "array";
      schema["items"] = schema_of(type.element.front());
      break;
    case Kind::structure:
      return object_schema(type);
  }
  add_bounds(schema, type.bounds);
  return schema;
}

}  // namespace

std::string json_schema_of(const TypeInfo& structure, const std::string& title,
                           const std::vector<AcceptedKey>& accepted) {
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
  schema.update(object_schema(structure));
  for (const AcceptedKey& key : accepted) schema["properties"][key.key] = {{"description", key.doc}};
  return schema.dump(2) + '\n';
}

}  // namespace eft
