#include <cstdio>
#include <memory>

#include "base/file.h"
#include "cli/command.h"
#include "cli/output_files.h"
#include "models/load.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path config;
  std::filesystem::path out;
  std::uint64_t seed = 0;
  std::string dtype = "bf16";
};

/// Throws when the disk has no room for the model: a wrong size in config.json shows here, not when the disk is full.
void require_space(const Model& model, const Arguments& arguments, DType dtype) {
  double parameters = 0;
  for (const Parameter& parameter : model.parameters()) parameters += static_cast<double>(parameter.shape.elements());
  const double bytes = parameters * static_cast<double>(size_of(dtype));
  std::filesystem::path folder = std::filesystem::absolute(arguments.out);
  while (!std::filesystem::exists(folder)) folder = folder.parent_path();
  const auto free = static_cast<double>(std::filesystem::space(folder).available);
  if (bytes <= free) return;
  throw ConfigError(
      "{}: a model of {:.3g} parameters takes {:.1f} GB, {} has {:.1f} GB free; look at hidden_size, "
      "intermediate_size, num_hidden_layers, vocab_size and num_experts",
      arguments.config.string(), parameters, bytes / 1e9, folder.string(), free / 1e9);
}

void run(const Arguments& arguments) {
  require_new_folder(arguments.out);
  BuiltModel built = build_model(arguments.config, LinearPolicy(), nullptr, {.vision = Vision::where_stored});
  const DType dtype = arguments.dtype == "f32" ? DType::f32 : DType::bf16;
  require_space(*built.model, arguments, dtype);
  const TensorSources tensors = initial_values(*built.model, dtype, arguments.seed);
  StagedFolder staged(arguments.out / "model");
  copy_model_files(arguments.config.has_parent_path() ? arguments.config.parent_path() : ".", staged.path());
  write_model_config(arguments.config, staged.path() / "config.json", dtype);
  write_checkpoint(staged.path(), tensors);
  staged.commit_files_into(arguments.out);
  std::printf("%s: %s parameters of a random %s model in %s\n", arguments.out.c_str(),
              fmt::format("{:L}", count_parameters(built.model->parameters()).total).c_str(),
              built.model->info().family.c_str(), arguments.dtype.c_str());
}

}  // namespace

void add_init_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("init", "Write a randomly initialised checkpoint of a configuration.");
  add_examples(*command, {"eft init config.json small-model --seed 1"});
  command->add_option("config", arguments->config, "config.json; tokenizer files beside it are copied")->required();
  command->add_option("out", arguments->out, "Folder to write")->required();
  command->add_option("--seed", arguments->seed, "Seed of the random values")->capture_default_str();
  command->add_option("--dtype", arguments->dtype, "bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}))
      ->capture_default_str();
  command->callback([arguments] { run(*arguments); });
}

}  // namespace eft
