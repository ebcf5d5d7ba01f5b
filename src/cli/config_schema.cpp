#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "config/run_config.h"

namespace eft {

void add_config_schema_command(CLI::App& app, int& /*exit_code*/) {
  auto format = std::make_shared<std::string>("json");
  CLI::App* command = app.add_subcommand("config-schema", "Print the options of a run, as JSON Schema or as a page.");
  command->add_option("--format", *format, "json or markdown")
      ->check(CLI::IsMember({"json", "markdown"}))
      ->capture_default_str();
  command->callback([format] {
    const std::string text = *format == "json" ? json_schema() : reference_page();
    std::printf("%s%s", text.c_str(), text.ends_with('\n') ? "" : "\n");
  });
}

}  // namespace eft
