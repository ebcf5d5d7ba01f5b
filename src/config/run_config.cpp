#include "config/run_config.h"

#include "base/error.h"
#include "base/file.h"
#include "config/axolotl.h"
#include "config/rules.h"
#include "schema/number.h"
#include "schema/override.h"
#include "schema/read.h"
#include "schema/write.h"
#include "schema/yaml.h"

namespace eft {
namespace {

/// The deepest node on the way to `path` ("datasets[0].chat_template") that the tree has.
const YamlNode& node_at(const YamlNode& root, const std::string& path) {
  const std::size_t bracket = path.find('[');
  const YamlNode* node = root.find(path.substr(0, bracket));
  if (node == nullptr) return root;
  if (bracket == std::string::npos) return *node;
  const auto index = parse_integer(path.substr(bracket + 1, path.find(']') - bracket - 1));
  const YamlNode& item = node->children.at(static_cast<std::size_t>(*index));
  const YamlNode* field = item.find(path.substr(path.find('.') + 1));
  return field != nullptr ? *field : item;
}

/// A Jinja text without a template's name means chat_template: jinja, as in Axolotl.
void imply_jinja(RunConfig& config, const YamlNode& root) {
  const YamlNode* name = root.find("chat_template");
  const bool named = name != nullptr && !name->is_null();
  if (config.data.chat_template_jinja && !named) config.data.chat_template = "jinja";
  for (std::vector<DatasetOptions>* list : {&config.data.datasets, &config.data.test_datasets}) {
    for (DatasetOptions& dataset : *list) {
      if (dataset.chat_template_jinja && !dataset.chat_template) dataset.chat_template = "jinja";
    }
  }
}

}  // namespace

RunConfig parse_config(const std::string& text, const std::string& name, std::span<const std::string> overrides,
                       Notes& notes) {
  YamlNode root = parse_yaml(text, name);
  root.origin = name;
  if (root.is_null()) root.kind = YamlNode::Kind::mapping;
  for (const std::string& assignment : overrides) apply_override(root, assignment);
  if (root.kind != YamlNode::Kind::mapping) {
    throw ConfigError("{}: {} at the top, expected a mapping of options", name, brief(root));
  }
  Faults faults;
  translate_axolotl(root, notes, faults);
  RunConfig config;
  faults.collect([&] { read_value(root, "", config, {}); });
  imply_jinja(config, root);
  const Faults of_keys = faults;
  for (const BrokenRule& rule : broken_rules(config)) {
    // What follows from a key that could not be read is no news.
    if (of_keys.concern(rule.key) || of_keys.concern(rule.what)) continue;
    faults.add({node_at(root, rule.key).origin, rule.key, rule.what});
  }
  faults.raise();
  add_idle_notes(config, notes);
  return config;
}

RunConfig read_config(const std::filesystem::path& path, std::span<const std::string> overrides, Notes& notes) {
  return parse_config(read_text(path), path.string(), overrides, notes);
}

std::string write_config(const RunConfig& config) { return to_yaml(node_of(config)); }

std::string config_json(const RunConfig& config) { return to_json(node_of(config)); }

}  // namespace eft
