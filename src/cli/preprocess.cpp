#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "cli/command.h"
#include "cli/train_job.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "data/show.h"
#include "train/trainer.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  std::int64_t show = 0;
  std::filesystem::path dump;
};

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

void show(const std::vector<Example>& examples, std::int64_t count, const Tokenizer& tokenizer) {
  const ShowStyle style = isatty(STDOUT_FILENO) != 0 ? ShowStyle::colour : ShowStyle::plain;
  count = std::min(count, static_cast<std::int64_t>(examples.size()));
  for (std::int64_t i = 0; i < count; ++i) {
    const Example& example = examples[static_cast<std::size_t>(i)];
    print(fmt::format("\n--- {}: {} tokens, {} bear loss", example.source, example.tokens.size(),
                      example.label_tokens()));
    print(show_example(example, tokenizer, style));
  }
}

void dump(const std::vector<Example>& examples, const std::filesystem::path& path, bool position_ids) {
  AtomicFile file(path);
  for (const Example& example : examples) {
    file.write(dump_example(example, position_ids));
    file.write("\n");
  }
  file.commit();
}

void preprocess(const Arguments& arguments) {
  const TrainJob job = read_job(arguments.config, arguments.overrides);
  for (const std::string& note : job.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  const Tokenizer tokenizer = Tokenizer::load(job.tokenizer);
  const PreparedData data = prepare_data(job.data, job.tokenizer, tokenizer, job.train.seed);
  for (const std::string& line : data.report.lines()) print(line);
  for (const std::string& warning : data.report.warnings) print("warning: " + warning);
  for (const std::string& line : length_histogram(data.train)) print(line);
  if (job.data.sample_packing) {
    const Loader loader(data.train, train_loader_options(job));
    print(fmt::format("packing fills {:.1f} % of rows of {} tokens, {} batches an epoch", 100 * loader.fill(),
                      job.data.sequence_len, loader.batches_per_epoch()));
  }
  show(data.train, arguments.show, tokenizer);
  if (!arguments.dump.empty()) dump(data.train, arguments.dump, job.data.sample_packing);
}

}  // namespace

void add_preprocess_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "preprocess", "Tokenise and mask the data of a run, and show what bears loss; needs no weights.");
  command->add_option("config", arguments->config, "YAML file of the run, in Axolotl's spelling")->required();
  command->add_option("--set", arguments->overrides, "Override an option: key=value")->allow_extra_args(false);
  command->add_option("--show", arguments->show, "Print this many examples, what bears loss marked")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--dump", arguments->dump, "Write every example as a line of JSON");
  command->callback([arguments] { preprocess(*arguments); });
}

}  // namespace eft
