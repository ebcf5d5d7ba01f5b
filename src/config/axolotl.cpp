#include "config/axolotl.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

#include "config/keys.h"
#include "schema/nearest.h"
#include "schema/read.h"

namespace eft {
namespace {

/// Plugins that only bring kernels.
constexpr std::array kKernelPlugins = {"CutCrossEntropyPlugin", "LigerPlugin", "KernelsPlugin"};

/// Keys that were dropped, by the reason.
struct Dropped {
  std::vector<std::string> does_anyway, without_effect;
  std::vector<std::string> ask_for_nothing;  ///< blank, or off
  std::vector<std::string> unknown;          ///< blank, and no key of Axolotl that we know

  void add(KeyClass kind, const std::string& path) {
    std::vector<std::string>& list = kind == KeyClass::does_anyway ? does_anyway : without_effect;
    list.push_back(path);
  }

  void add_notes(Notes& notes) const {
    const auto add_note = [&notes](const char* what, const std::vector<std::string>& keys) {
      if (!keys.empty()) notes.push_back(fmt::format("{}: {}", what, fmt::join(keys, ", ")));
    };
    add_note("eft does this anyway", does_anyway);
    add_note("without effect in eft", without_effect);
    add_note("left out, since they ask for nothing", ask_for_nothing);
    add_note("left out, since nobody knows them and they have no value", unknown);
  }
};

bool has_word(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Off, in one of its spellings, or a mapping or list of nothing else.
bool asks_for_nothing(const YamlNode& node) {
  if (node.is_null() || is_falsy(node)) return true;
  if (node.kind == YamlNode::Kind::scalar) return has_word(words("false False none None null"), node.text);
  return std::ranges::all_of(node.children, asks_for_nothing);
}

bool accepts(const KeyGroup& group, const YamlNode& node) {
  const std::vector<std::string> values = words(group.accepts);
  if (node.is_null() || has_word(values, "*")) return true;
  if (has_word(values, "-") && asks_for_nothing(node)) return true;
  return node.kind == YamlNode::Kind::scalar && has_word(values, node.text);
}

void check_values(const KeyTable& table, const YamlNode& node, const std::string& path) {
  for (const UnsupportedValues& known : table.values) {
    if (node.key != known.key || node.kind != YamlNode::Kind::scalar) continue;
    // "alpaca_chat.load_qa" is a kind of alpaca_chat.
    const std::string stem = node.text.substr(0, node.text.find('.'));
    if (!has_word(words(known.values), node.text) && !has_word(words(known.values), stem)) continue;
    refuse(node, path, fmt::format("{} is not supported yet; {}", node.text, known.remedy));
  }
}

/// What a mapping may hold: the keys of its struct and the table of the others.
struct KnownKeys {
  std::vector<std::string> own;
  const KeyTable& table;

  std::vector<std::string> all() const {
    std::vector<std::string> keys = own;
    keys.insert(keys.end(), {"plugins", "evaluation_strategy"});
    for (const KeyClass kind : {KeyClass::does_anyway, KeyClass::without_effect, KeyClass::unsupported}) {
      for (std::string& key : keys_of_class(table, kind)) keys.push_back(std::move(key));
    }
    return keys;
  }
};

/// Whether the entry stays in the tree. Throws for what is unknown or not supported.
bool keep(const YamlNode& entry, const std::string& path, const KnownKeys& known, Dropped& dropped) {
  if (has_word(known.own, entry.key)) {
    check_values(known.table, entry, path);
    return true;
  }
  const KeyGroup* group = group_of(known.table, entry.key);
  if (group == nullptr && !entry.is_null()) refuse_unknown(entry, path, known.all());
  if (group == nullptr) {
    const std::string near = nearest(entry.key, known.all());
    dropped.unknown.push_back(near.empty() ? path : path + " (did you mean " + near + "?)");
    return false;
  }
  if (!accepts(*group, entry)) refuse(entry, path, fmt::format("not supported yet; {}", group->why));
  if (asks_for_nothing(entry)) {
    dropped.ask_for_nothing.push_back(path);
  } else if (group->kind != KeyClass::unsupported) {
    dropped.add(group->kind, path);
  } else {
    dropped.add(KeyClass::does_anyway, path);
  }
  return false;
}

void filter(YamlNode& mapping, const std::string& path, const KnownKeys& known, Dropped& dropped, Faults& faults) {
  if (mapping.kind != YamlNode::Kind::mapping) return;
  std::vector<YamlNode> kept;
  for (YamlNode& entry : mapping.children) {
    faults.collect([&] {
      if (keep(entry, join_path(path, entry.key), known, dropped)) kept.push_back(std::move(entry));
    });
  }
  mapping.children = std::move(kept);
}

bool is_kernel_plugin(const std::string& name) {
  const std::string last = name.substr(name.rfind('.') + 1);
  return std::find(kKernelPlugins.begin(), kKernelPlugins.end(), last) != kKernelPlugins.end();
}

/// Removes `plugins`, which may only bring kernels.
void drop_plugins(YamlNode& root, Dropped& dropped, Faults& faults) {
  const YamlNode* plugins = root.find("plugins");
  if (plugins == nullptr) return;
  std::vector<std::string> names;
  faults.collect([&] {
    if (!plugins->is_null()) read_value(*plugins, "plugins", names, {});
  });
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty() || is_kernel_plugin(names[i])) continue;
    faults.collect([&] {
      refuse(plugins->children[i], fmt::format("plugins[{}]", i),
             fmt::format("{} is not supported yet; remove it", names[i]));
    });
  }
  if (!names.empty()) dropped.add(KeyClass::does_anyway, "plugins");
  std::erase_if(root.children, [](const YamlNode& entry) { return entry.key == "plugins"; });
}

void rename_evaluation_strategy(YamlNode& root, Notes& notes) {
  YamlNode* old = root.find("evaluation_strategy");
  if (old == nullptr) return;
  if (root.find("eval_strategy") != nullptr) {
    const YamlNode extra = *old;
    std::erase_if(root.children, [](const YamlNode& entry) { return entry.key == "evaluation_strategy"; });
    refuse(extra, extra.key, "the old spelling of eval_strategy, which is there too; remove it");
  }
  if (!old->is_null()) notes.push_back("evaluation_strategy is the old spelling of eval_strategy");
  old->key = "eval_strategy";
}

/// message_field_role: from → message_property_mappings: {role: from}.
void move_message_field(YamlNode& dataset, const std::string& path, const char* property, Notes& notes) {
  const std::string old_key = std::string("message_field_") + property;
  const YamlNode* found = dataset.find(old_key);
  if (found == nullptr) return;
  YamlNode value = *found;
  std::erase_if(dataset.children, [&](const YamlNode& entry) { return entry.key == old_key; });
  if (value.is_null()) return;
  YamlNode* mappings = dataset.find("message_property_mappings");
  if (mappings == nullptr) {
    mappings = &dataset.children.emplace_back();
    mappings->key = "message_property_mappings";
    mappings->origin = value.origin;
  }
  if (mappings->is_null()) mappings->kind = YamlNode::Kind::mapping;
  if (const YamlNode* other = mappings->find(property); other != nullptr && other->text != value.text) {
    refuse(value, join_path(path, old_key),
           fmt::format("{} contradicts message_property_mappings.{}, {}; remove it", brief(value), property,
                       brief(*other)));
  } else if (other == nullptr) {
    value.key = property;
    mappings->children.push_back(std::move(value));
  }
  notes.push_back(
      fmt::format("{0}.{1} is the old spelling of {0}.message_property_mappings.{2}", path, old_key, property));
}

/// One path may stand in the place of the list.
void list_pretraining_dataset(YamlNode& root) {
  YamlNode* node = root.find("pretraining_dataset");
  if (node == nullptr || node->kind != YamlNode::Kind::scalar) return;
  YamlNode path = *node;
  path.key = "path";
  YamlNode entry = YamlNode::mapping();
  entry.origin = node->origin;
  entry.children.push_back(std::move(path));
  node->kind = YamlNode::Kind::sequence;
  node->text.clear();
  node->children = {std::move(entry)};
}

/// optim_args: "momentum=0.9,nesterov=true" → {momentum: 0.9, nesterov: true}.
void split_optim_args(YamlNode& root) {
  YamlNode* node = root.find("optim_args");
  if (node == nullptr || node->kind != YamlNode::Kind::scalar || node->is_null()) return;
  YamlNode mapping = YamlNode::mapping();
  mapping.key = node->key;
  mapping.origin = node->origin;
  std::istringstream assignments(node->text);
  for (std::string assignment; std::getline(assignments, assignment, ',');) {
    std::erase(assignment, ' ');
    const std::size_t equals = assignment.find('=');
    if (equals == 0 || equals == assignment.npos) {
      const YamlNode text = *node;
      std::erase_if(root.children, [](const YamlNode& entry) { return entry.key == "optim_args"; });
      refuse(text, text.key, fmt::format("{} is not a list like momentum=0.9,nesterov=true", brief(text)));
    }
    YamlNode value = YamlNode::scalar(assignment.substr(equals + 1), false);
    value.key = assignment.substr(0, equals);
    value.origin = node->origin;
    mapping.children.push_back(std::move(value));
  }
  *node = std::move(mapping);
}

/// Names of an optimizer that say where it holds its memory.
void note_paged_optimizer(const YamlNode& root, Notes& notes) {
  const YamlNode* node = root.find("optimizer");
  if (node == nullptr || !node->text.starts_with("paged_")) return;
  notes.push_back(fmt::format("optimizer: {0} computes what {1} does; eft pages nothing, the state stays in memory",
                              node->text, node->text.substr(std::string_view("paged_").size())));
}

/// Kinds that say where the inputs of recomputed blocks are kept.
void take_checkpointing_kind(YamlNode& root, Notes& notes) {
  YamlNode* node = root.find("gradient_checkpointing");
  if (node == nullptr || !has_word(words("offload offload_disk unsloth"), node->text)) return;
  notes.push_back(
      fmt::format("gradient_checkpointing: {} is true: eft keeps what enters each block in memory", node->text));
  YamlNode on = YamlNode::scalar("true", false);
  on.key = node->key;
  on.origin = node->origin;
  *node = std::move(on);
}

/// PEFT's word for every linear but the output layer.
void rename_all_linear(YamlNode& root, Notes& notes) {
  YamlNode* targets = root.find("lora_target_modules");
  if (targets == nullptr || targets->kind != YamlNode::Kind::scalar) return;
  std::string word = targets->text;
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
  if (word != "all-linear") return;
  YamlNode all = YamlNode::scalar("true", false);
  all.key = "lora_target_linear";
  all.origin = targets->origin;
  std::erase_if(root.children, [&](const YamlNode& entry) { return entry.key == all.key; });
  *root.find("lora_target_modules") = std::move(all);
  notes.push_back("lora_target_modules: all-linear is lora_target_linear: true");
}

template <class Entry>
void translate_datasets(YamlNode& root, const char* key, Dropped& dropped, Notes& notes, Faults& faults) {
  YamlNode* list = root.find(key);
  if (list == nullptr || list->kind != YamlNode::Kind::sequence) return;
  const KnownKeys known{keys_of<Entry>(), dataset_keys()};
  for (std::size_t i = 0; i < list->children.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", key, i);
    for (const char* property : {"role", "content"}) {
      faults.collect([&] { move_message_field(list->children[i], path, property, notes); });
    }
    filter(list->children[i], path, known, dropped, faults);
  }
}

}  // namespace

void translate_axolotl(YamlNode& root, Notes& notes, Faults& faults) {
  Dropped dropped;
  drop_plugins(root, dropped, faults);
  faults.collect([&] { rename_evaluation_strategy(root, notes); });
  rename_all_linear(root, notes);
  faults.collect([&] { split_optim_args(root); });
  note_paged_optimizer(root, notes);
  take_checkpointing_kind(root, notes);
  filter(root, "", {keys_of<RunConfig>(), run_keys()}, dropped, faults);
  for (const char* key : {"datasets", "test_datasets"}) {
    translate_datasets<DatasetOptions>(root, key, dropped, notes, faults);
  }
  list_pretraining_dataset(root);
  translate_datasets<PretrainingOptions>(root, "pretraining_dataset", dropped, notes, faults);
  dropped.add_notes(notes);
}

}  // namespace eft
