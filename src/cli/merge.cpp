#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/hub_cache.h"
#include "base/tokenizer_files.h"
#include "cli/command.h"
#include "cli/output_files.h"
#include "cli/storage_options.h"
#include "models/merge.h"
#include "text/model_templates.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path model, adapter, out;
  QuantOptions quant;
};

bool differs(const TemplateSources& a, const TemplateSources& b) {
  return !std::ranges::equal(a, b, [](const TemplateSource& one, const TemplateSource& other) {
    return one.name == other.name && one.source == other.source;
  });
}

void run(const Arguments& arguments) {
  require_new_folder(arguments.out);
  StagedFolder staged(arguments.out / "model");
  const std::filesystem::path model = local_model(arguments.model), adapter = local_model(arguments.adapter);
  const MergeReport report = merge_adapter(model, adapter, staged.path(), frozen_storage(arguments.quant));
  // The run's tokenizer and template, which may not be the model's.
  copy_template_folder(model, staged.path());
  copy_tokenizer_files(adapter, staged.path());
  const bool other = differs(read_templates(model), read_templates(staged.path()));
  staged.commit_files_into(arguments.out);
  std::printf("%s: %lld weights merged, %lld tensors as they were\n", arguments.out.c_str(),
              static_cast<long long>(report.merged), static_cast<long long>(report.copied));
  if (report.rounded > 0) {
    std::printf("%s: %lld weights have the values of their codes, as in the run\n", arguments.out.c_str(),
                static_cast<long long>(report.rounded));
  }
  if (report.untied) {
    std::printf("%s: the output layer is a tensor of its own now: tie_word_embeddings is false in config.json\n",
                arguments.out.c_str());
  }
  if (other) std::printf("chat template: the adapter's, which is not the model's\n");
}

}  // namespace

void add_merge_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("merge-lora", "Write a checkpoint with an adapter merged into its weights.");
  add_examples(*command, {"eft merge-lora gemma-3-270m-it merged --adapter outputs/run"});
  command->add_option("model", arguments->model, "Hugging Face checkpoint: a folder, or a hub name in the cache")
      ->required();
  command->add_option("out", arguments->out, "Folder to write")->required();
  command->add_option("--adapter", arguments->adapter, "PEFT adapter: a folder, or a hub name in the cache")
      ->required();
  add_storage_options(*command, arguments->quant, "Merge into the values that the weights had in a run with that key");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace eft
