#include "check/check.h"

#include <cstdio>
#include <map>
#include <memory>

#include "base/hub_cache.h"
#include "cli/command.h"
#include "cli/storage_options.h"

namespace eft {
namespace {

struct Arguments {
  CheckOptions options;
  std::string dtype = "float32";
  QuantOptions quant;
  bool json = false;
  bool verbose = false;
};

}  // namespace

void add_check_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "check", "Compare a checkpoint's logits, loss, gradients and training losses with a reference file.");
  add_examples(*command, {"eft check gemma-3-270m-it --reference reference.safetensors",
                          "eft check gemma-3-270m-it --reference reference.safetensors --dtype float64 --json"});
  command
      ->add_option("model", arguments->options.model, "Hugging Face checkpoint: a folder, or a hub name in the cache")
      ->required();
  command->add_option("--reference", arguments->options.reference, "Reference file (safetensors, eft-reference-1)")
      ->required();
  command->add_option("--adapter", arguments->options.adapter,
                      "PEFT adapter, a folder or a hub name in the cache; only it trains then");
  command->add_option("--dtype", arguments->dtype, "float64, float32 or bfloat16")
      ->check(CLI::IsMember({"float64", "float32", "bfloat16"}))
      ->capture_default_str();
  command->add_option("--device", arguments->options.device, "cpu, cuda or cuda:N")->capture_default_str();
  add_storage_options(*command, arguments->quant, "Keep frozen weights as a run with that key does");
  command->add_flag("--recompute", arguments->options.recompute, "Recompute each layer in the backward pass");
  command->add_flag("--verbose", arguments->verbose,
                    "Print every gradient, that which uses up most of its tolerance first");
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([arguments, &exit_code] {
    arguments->options.dtype = arguments->dtype == "float64"   ? DType::f64
                               : arguments->dtype == "float32" ? DType::f32
                                                               : DType::bf16;
    arguments->options.frozen = frozen_storage(arguments->quant);
    arguments->options.model = local_model(arguments->options.model);
    arguments->options.adapter = local_model(arguments->options.adapter);
    const CheckReport report = check_model(arguments->options);
    std::printf("%s%s", (arguments->json ? to_json(report) : describe(report, arguments->verbose)).c_str(),
                arguments->json ? "\n" : "");
    exit_code = report.pass ? 0 : 1;
  });
}

}  // namespace eft
