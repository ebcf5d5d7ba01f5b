#include <cstdio>

#include "cli/command.h"
#include "config/run_config.h"

namespace eft {
namespace {

void print(const std::string& text) { std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n"); }

}  // namespace

void add_config_schema_command(CLI::App& app, int& /*exit_code*/) {
  app.add_subcommand("config-schema", "Print the options of a run as JSON Schema.")->callback([] { print(json_schema()); });
  app.add_subcommand("config-reference", "Print the options of a run as a page.")->callback([] {
    print(reference_page());
  });
}

}  // namespace eft
