#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/keys.h"
#include "config/run_config.h"
#include "schema/type_info.h"

namespace eft {
namespace {

TypeInfo run_type() { return type_of(static_cast<const RunConfig*>(nullptr)); }

std::string key_list(const KeyTable& table, KeyClass kind) {
  return fmt::format("`{}`", fmt::join(keys_of_class(table, kind), "`, `"));
}

/// One line for each group of keys that are accepted: what eft does, and the keys.
std::string accepted_lines(KeyClass kind) {
  std::string lines;
  for (const KeyGroup& group : run_keys().groups) {
    if (group.kind != kind || std::string(group.accepts) != "*") continue;
    lines += fmt::format("- eft {}: `{}`\n", group.why, fmt::join(words(group.keys), "`, `"));
  }
  return lines;
}

}  // namespace

std::string json_schema() {
  std::vector<AcceptedKey> accepted = {{"plugins", "Accepted: plugins that only bring kernels."}};
  for (const KeyGroup& group : run_keys().groups) {
    if (group.kind == KeyClass::unsupported) continue;
    for (const std::string& key : words(group.keys)) accepted.push_back({key, "Accepted without effect."});
  }
  return json_schema_of(run_type(), "eft run", accepted);
}

std::string reference_page() {
  constexpr const char* kPage = R"(# Options

The YAML file of a run has Axolotl's keys. `--set key=value` on the command line overrides one, also inside lists:
`--set datasets[0].path=rows.jsonl`. A key without a value counts as left out. This page is made from the structs that
hold the options: `eft config-reference`.

## Keys that eft acts on

{}
`lora_target_modules: all-linear`, PEFT's word, is `lora_target_linear: true`.

## Keys that are accepted and change nothing

Results are the same with and without them, so they are accepted and named once when a run starts.

eft does this anyway (kernel plugins in `plugins` as well):

{}
Without effect:

{}
## Keys that are not supported yet

They are an error, unless their value asks for nothing (false, 0, empty); all errors of a file are told at once: {}

In an entry of `datasets`: {}
)";
  return fmt::format(kPage, options_table(run_type()), accepted_lines(KeyClass::does_anyway),
                     accepted_lines(KeyClass::without_effect), key_list(run_keys(), KeyClass::unsupported),
                     key_list(dataset_keys(), KeyClass::unsupported));
}

}  // namespace eft
