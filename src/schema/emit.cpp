#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "schema/number.h"
#include "schema/yaml.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return nullptr;
    case YamlNode::Kind::sequence: {
      Json list = Json::array();
      for (const YamlNode& item : node.children) list.push_back(json_of(item));
      return list;
    }
    case YamlNode::Kind::mapping: {
      Json object = Json::object();
      for (const YamlNode& entry : node.children) object[entry.key] = json_of(entry);
      return object;
    }
    case YamlNode::Kind::scalar:
      break;
  }
  switch (scalar_type(node)) {
    case ScalarType::boolean:
      return is_true(node.text);
    case ScalarType::integer:
      return *parse_integer(node.text);
    case ScalarType::number:
      return *parse_number(node.text);
    case ScalarType::string:
      break;
  }
  return node.text;
}

/// Whether YAML reads the text back as the same string without quotes.
bool is_plain(const std::string& text) {
  const auto harmless = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '/' || c == '-';
  };
  if (text.empty() || (std::isalpha(static_cast<unsigned char>(text.front())) == 0 && text.front() != '/'))
    return false;
  if (text == "null" || text == "Null" || text == "NULL") return false;
  return std::all_of(text.begin(), text.end(), harmless) &&
         scalar_type(YamlNode::scalar(text, false)) == ScalarType::string;
}

std::string quoted(const std::string& text) {
  // A JSON string is a double-quoted YAML scalar. Bytes that are no UTF-8 cannot come from a YAML file.
  return is_plain(text) ? text : Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string inline_text(const YamlNode& node) {
  if (node.is_null()) return "null";
  if (node.kind == YamlNode::Kind::sequence) return "[]";
  if (node.kind == YamlNode::Kind::mapping) return "{}";
  return node.quoted ? quoted(node.text) : node.text;
}

void emit(const YamlNode& node, std::size_t indent, std::string& out);

/// Writes the value after "key:" or "-".
void emit_value(const YamlNode& node, std::size_t indent, std::string& out) {
  if (node.children.empty()) {
    out += ' ' + inline_text(node) + '\n';
  } else {
    out += '\n';
    emit(node, indent + 2, out);
  }
}

void emit(const YamlNode& node, std::size_t indent, std::string& out) {
  for (const YamlNode& child : node.children) {
    out.append(indent, ' ');
    out += node.kind == YamlNode::Kind::mapping ? quoted(child.key) + ':' : "-";
    emit_value(child, indent, out);
  }
}

}  // namespace

std::string to_yaml(const YamlNode& node) {
  std::string out;
  if (node.children.empty()) return inline_text(node) + '\n';
  emit(node, 0, out);
  return out;
}

std::string to_json(const YamlNode& node, int indent) {
  return json_of(node).dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace eft
