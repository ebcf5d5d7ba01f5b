#include "schema/override.h"

#include <vector>

#include "base/error.h"
#include "schema/number.h"

namespace eft {
namespace {

constexpr const char* kOrigin = "--set";

/// "datasets[0].path" and "datasets.0.path" → {"datasets", "0", "path"}.
std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char c : path) {
    if (c == '.' || c == '[') {
      parts.emplace_back();
    } else if (c != ']') {
      parts.back() += c;
    }
  }
  for (const std::string& part : parts) {
    if (part.empty()) throw ConfigError("{} {}: an empty part in the key", kOrigin, path);
  }
  return parts;
}

YamlNode& entry_of(YamlNode& mapping, const std::string& key) {
  if (YamlNode* found = mapping.find(key)) return *found;
  YamlNode& made = mapping.children.emplace_back();
  made.key = key;
  made.origin = kOrigin;
  return made;
}

YamlNode& item_of(YamlNode& list, std::int64_t index, const std::string& path) {
  const auto size = static_cast<std::int64_t>(list.children.size());
  if (index < 0 || index > size) {
    throw ConfigError("{} {}: index {} of a list of {}; the next free index is {}", kOrigin, path, index, size, size);
  }
  if (index == size) list.children.emplace_back().origin = kOrigin;
  return list.children[static_cast<std::size_t>(index)];
}

YamlNode& step_into(YamlNode& node, const std::string& part, const std::string& path) {
  const auto index = parse_integer(part);
  if (node.is_null()) node.kind = index ? YamlNode::Kind::sequence : YamlNode::Kind::mapping;
  if (node.kind == YamlNode::Kind::mapping) return entry_of(node, part);
  if (node.kind != YamlNode::Kind::sequence) throw ConfigError("{} {}: {} has no parts", kOrigin, path, brief(node));
  if (!index) throw ConfigError("{} {}: \"{}\" is not an index of a list", kOrigin, path, part);
  return item_of(node, *index, path);
}

}  // namespace

void apply_override(YamlNode& root, const std::string& assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError("{} {}: expected key=value", kOrigin, assignment);
  }
  const std::string path = assignment.substr(0, equals);
  YamlNode* node = &root;
  for (const std::string& part : split_path(path)) node = &step_into(*node, part, path);
  YamlNode value = parse_yaml_value(assignment.substr(equals + 1), fmt::format("{} {}", kOrigin, path));
  value.key = node->key;
  value.origin = kOrigin;
  *node = std::move(value);
}

}  // namespace eft
