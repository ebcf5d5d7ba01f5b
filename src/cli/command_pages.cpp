#include "cli/command_pages.h"

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "config/run_config.h"
#include "schema/type_info.h"

namespace eft {
namespace {

/// "TEXT:{cpu,cuda}" → {"cpu", "cuda"}.
std::vector<std::string> choices_in(const std::string& type) {
  const auto begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return {};
  return CLI::detail::split(type.substr(begin + 1, end - begin - 1), ',');
}

OptionPage page_of(const CLI::Option& option) {
  OptionPage page;
  for (const std::string& name : option.get_snames()) page.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) page.names.push_back("--" + name);
  page.argument = option.get_positional();
  if (page.names.empty()) page.names.push_back(option.get_name());
  page.takes_value = option.get_items_expected_max() > 0;
  page.choices = choices_in(option.get_type_name());
  page.description = option.get_description();
  return page;
}

CommandPage page_of(const CLI::App& command) {
  CommandPage page{command.get_name(), command.get_description(), {}, command.get_footer()};
  for (const CLI::Option* option : command.get_options()) page.options.push_back(page_of(*option));
  return page;
}

}  // namespace

void add_examples(CLI::App& command, std::initializer_list<const char*> lines) {
  std::string text = "Examples:";
  for (const char* line : lines) text += std::string("\n  ") + line;
  command.footer(text);
}

std::vector<CommandPage> pages_of(const CLI::App& app) {
  std::vector<CommandPage> pages = {page_of(app)};
  for (const CLI::App* command : app.get_subcommands({})) pages.push_back(page_of(*command));
  return pages;
}

std::vector<RunKey> run_keys_of_schema() {
  std::vector<RunKey> keys;
  for (const FieldType& field : type_of(static_cast<const RunConfig*>(nullptr)).fields)
    keys.push_back({field.key, field.doc});
  return keys;
}

}  // namespace eft
