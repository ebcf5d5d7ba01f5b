#include <cstdio>

#include "cli/command.h"
#include "config/run_config.h"

namespace eft {
namespace {

void print(const std::string& text) { std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n"); }

}  // namespace

void add_config_schema_command(CLI::App& app, int& /*exit_code*/) {
  CLI::App* schema = app.add_subcommand("config-schema", "Print the options of a run as JSON Schema.");
  add_examples(*schema, {"eft config-schema > run.schema.json"});
  schema->callback([] { print(json_schema()); });
  CLI::App* reference = app.add_subcommand("config-reference", "Print the options of a run as a page.");
  add_examples(*reference, {"eft config-reference > options.md"});
  reference->callback([] { print(reference_page()); });
}

}  // namespace eft
