#include "check/doctor.h"

#include <cstdio>
#include <memory>

#include "cli/command.h"
#include "cli/key_flags.h"
#include "cli/terminal.h"
#include "cli/train_job.h"

namespace eft {
namespace {

constexpr int kFailed = 3;

struct Arguments {
  std::filesystem::path config;
  KeyFlags keys;
  bool json = false;
};

int run(const Arguments& arguments) {
  const TrainJob job = read_job(arguments.config, arguments.keys.overrides());
  for (const std::string& note : job.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  const Checklist list = examine(job);
  const Terminal terminal = standard_output();
  std::printf("%s", (arguments.json ? to_json(list) + "\n" : to_text(list, terminal.colours)).c_str());
  return list.pass() ? 0 : kFailed;
}

}  // namespace

void add_doctor_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "doctor",
      "Examine a run's rows, model and machine before it trains, a verdict a line; ends with 3 if one fails.");
  add_examples(*command, {"eft doctor run.yaml", "eft doctor run.yaml --json"});
  command->add_option("config", arguments->config, "YAML file of the run, in Axolotl's spelling")->required();
  arguments->keys.add_to(*command);
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace eft
