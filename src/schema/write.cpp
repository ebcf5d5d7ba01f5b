#include "schema/write.h"

#include "schema/number.h"

namespace eft {

YamlNode node_of(bool value) { return YamlNode::scalar(value ? "true" : "false", false); }

YamlNode node_of(AutoBool value) {
  return value == AutoBool::automatic ? YamlNode::scalar("auto", true) : node_of(value == AutoBool::on);
}

YamlNode node_of(std::int64_t value) { return YamlNode::scalar(std::to_string(value), false); }

YamlNode node_of(double value) { return YamlNode::scalar(number_text(value), false); }

YamlNode node_of(const std::string& value) { return YamlNode::scalar(value, true); }

YamlNode node_of(const std::filesystem::path& value) {
  return value.empty() ? YamlNode{} : YamlNode::scalar(value.string(), true);
}

YamlNode node_of(const StringOrList& value) {
  if (value.empty()) return {};
  return value.is_string ? node_of(value.items.front()) : node_of(value.items);
}

YamlNode node_of(const StringMap& value) {
  YamlNode mapping = YamlNode::mapping();
  for (const StringMap::Entry& entry : value.entries) {
    mapping.children.push_back(node_of(entry.value));
    mapping.children.back().key = entry.key;
  }
  return mapping;
}

YamlNode node_of(const JsonText& value) { return parse_yaml_value(value.text, "JSON"); }

}  // namespace eft
