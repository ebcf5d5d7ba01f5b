#include "report/compare.h"

#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/terminal.h"

namespace eft {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> runs;
  bool json = false;
};

void run(const Arguments& arguments) {
  std::vector<RunRecord> records;
  for (const auto& folder : arguments.runs) records.push_back(read_run(folder));
  const std::string text =
      arguments.json ? compare_json(records) + "\n" : compare_text(records, standard_output().colours);
  std::printf("%s", text.c_str());
}

}  // namespace

void add_compare_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("compare", "Losses, speed, memory and options of runs, side by side.");
  add_examples(*command, {"eft compare outputs/first outputs/second", "eft compare outputs/* --json"});
  command->add_option("runs", arguments->runs, "Output folders of runs")->required();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace eft
