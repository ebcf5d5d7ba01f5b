#include <cstdio>
#include <memory>

#include "base/hub_cache.h"
#include "cli/command.h"
#include "cli/output_files.h"
#include "models/gemma3n/slice.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path model, out;
  std::string config;
};

void run(const Arguments& arguments) {
  require_new_folder(arguments.out);
  const gemma3n::SliceConfig config = gemma3n::read_slice_config(arguments.config);
  StagedFolder staged(arguments.out / "model");
  const gemma3n::SliceReport report = gemma3n::slice_checkpoint(local_model(arguments.model), config, staged.path());
  staged.commit_files_into(arguments.out);
  std::printf("%s: %lld layers, %lld tensors, %lld parameters\n", arguments.out.c_str(),
              static_cast<long long>(report.layers), static_cast<long long>(report.tensors),
              static_cast<long long>(report.parameters));
}

}  // namespace

void add_slice_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("slice", "Write a smaller model nested in a Gemma 3n checkpoint (MatFormer).");
  add_examples(*command, {"eft slice gemma-3n-E4B-it gemma-3n-E2B --config E2B"});
  command->add_option("model", arguments->model, "Gemma 3n E4B checkpoint: a folder, or a hub name in the cache")
      ->required();
  command->add_option("out", arguments->out, "Folder to write")->required();
  command->add_option("--config", arguments->config, "E2B, or a JSON file with layers_skipped and ffn_hidden_dims")
      ->required();
  command->callback([arguments] { run(*arguments); });
}

}  // namespace eft
