#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/hub_cache.h"
#include "cli/command.h"
#include "cli/output_files.h"
#include "models/quantize.h"
#include "quant/packed_files.h"
#include "base/tokenizer_files.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path model, out;
  std::string format = "nf4";
};

void run(const Arguments& arguments) {
  const auto& formats = written_formats();
  const auto format = std::ranges::find_if(formats, [&](const WrittenFormat& f) { return f.name == arguments.format; });
  require_new_folder(arguments.out);
  StagedFolder staged(arguments.out / "model");
  const std::filesystem::path model = local_model(arguments.model);
  const QuantizeReport report = quantize_checkpoint(model, staged.path(), format->storage);
  copy_template_folder(model, staged.path());
  staged.commit_files_into(arguments.out);
  std::printf("%s: %lld weights packed as %s, %lld tensors as they were\n", arguments.out.c_str(),
              static_cast<long long>(report.packed), arguments.format.c_str(), static_cast<long long>(report.copied));
}

}  // namespace

void add_quantize_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  std::vector<std::string> names;
  for (const WrittenFormat& format : written_formats()) names.emplace_back(format.name);
  CLI::App* command = app.add_subcommand("quantize", "Write a checkpoint with the weights of its linears packed.");
  add_examples(*command,
               {"eft quantize gemma-3-270m-it gemma-3-270m-it-nf4", "eft quantize merged merged-fp8 --format fp8"});
  command->add_option("model", arguments->model, "Hugging Face checkpoint: a folder, or a hub name in the cache")
      ->required();
  command->add_option("out", arguments->out, "Folder to write")->required();
  command
      ->add_option("--format", arguments->format,
                   "nf4 or fp4 (with packed scales) or int8 as bitsandbytes, or fp8 in blocks of 128")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  command->callback([arguments] { run(*arguments); });
}

}  // namespace eft
