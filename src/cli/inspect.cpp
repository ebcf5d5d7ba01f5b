#include "check/inspect.h"

#include <cstdio>
#include <memory>

#include "base/hub_cache.h"
#include "cli/command.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path path;
  bool json = false;
};

}  // namespace

void add_inspect_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("inspect", "Say what a model, adapter or checkpoint folder holds.");
  add_examples(*command, {"eft inspect gemma-3-270m-it", "eft inspect outputs/run --json"});
  command->add_option("path", arguments->path, "Folder, hub name in the cache, or safetensors file")->required();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments] {
    const Inspection inspection = inspect(local_model(arguments->path));
    std::printf("%s%s", (arguments->json ? to_json(inspection) : to_text(inspection)).c_str(),
                arguments->json ? "\n" : "");
  });
}

}  // namespace eft
