#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/output_files.h"
#include "cli/preferences.h"
#include "cli/train_job.h"
#include "data/dataset.h"
#include "data/batches/loader.h"
#include "data/show.h"
#include "data/sources/source.h"
#include "train/loop/trainer.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path config;
  std::vector<std::string> overrides;
  std::int64_t show = 0;
  std::filesystem::path dump;
  bool force = false;
};

/// The files that a run reads, as far as they have names.
std::vector<std::filesystem::path> files_of(const Arguments& arguments, const TrainJob& job) {
  std::vector<std::filesystem::path> files{arguments.config, job.tokenizer, job.tokenizer / "tokenizer.json"};
  const auto add = [&](const std::vector<DatasetOptions>& datasets, bool for_evaluation) {
    for (const DatasetOptions& dataset : datasets) {
      const RowSource source(dataset, for_evaluation);
      files.insert(files.end(), source.files().begin(), source.files().end());
    }
  };
  add(job.data.datasets, false);
  add(job.data.test_datasets, true);
  return files;
}

/// Before rows are prepared, which may take long.
void check_dump(const Arguments& arguments, const TrainJob& job) {
  if (arguments.dump.empty()) return;
  if (!job.data.pretraining_dataset.empty()) {
    throw ConfigError(
        "--dump: pretraining_dataset is tokenised while training and has no end; use datasets, or --show");
  }
  require_new_file("--dump", arguments.dump, files_of(arguments, job), arguments.force);
}

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

void show(const Examples& examples, std::int64_t count, const Tokenizer& tokenizer) {
  const ShowStyle style = isatty(STDOUT_FILENO) != 0 ? ShowStyle::colour : ShowStyle::plain;
  count = std::min(count, static_cast<std::int64_t>(examples.size()));
  for (std::int64_t i = 0; i < count; ++i) {
    const ExampleView example = examples[static_cast<std::size_t>(i)];
    print(fmt::format("\n--- {}: {} tokens, {} bear loss", example.source(), example.tokens.size(),
                      example.label_tokens()));
    print(show_example(example, tokenizer, style));
  }
}

/// One example a line, or one row of them where they are packed.
void dump(const Examples& examples, const Loader* packed, const std::filesystem::path& path) {
  AtomicFile file(path);
  const std::size_t lines = packed != nullptr ? packed->rows().size() : examples.size();
  for (std::size_t line = 0; line < lines; ++line) {
    if (packed == nullptr) {
      file.write(dump_example(examples[line]) + "\n");
      continue;
    }
    std::vector<ExampleView> row;
    for (const std::uint32_t sample : packed->rows()[line]) row.push_back(examples[sample]);
    file.write(dump_packed(row) + "\n");
  }
  file.commit();
}

/// A folder with a tokenizer only is enough to look at rows.
std::int64_t vocabulary_if_known(const TrainJob& job) {
  if (std::filesystem::exists(job.base_model / "config.json")) return vocabulary_of(job);
  std::fprintf(stderr, "note: no config.json in %s, so tokens are not compared with the model's vocabulary\n",
               job.base_model.c_str());
  return kAnyVocabulary;
}

void preprocess(const Arguments& arguments) {
  const TrainJob job = read_job(arguments.config, arguments.overrides);
  for (const std::string& note : job.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  check_dump(arguments, job);
  const Tokenizer tokenizer = Tokenizer::load(job.tokenizer);
  const std::int64_t vocabulary = vocabulary_if_known(job);
  if (job.data.rl) return preprocess_preferences(job, tokenizer, vocabulary, arguments.show, arguments.dump);
  const PreparedData data = prepare_data(job.data, job.tokenizer, tokenizer, job.train.seed, vocabulary);
  for (const std::string& line : data.report.tables()) print(line);
  for (const std::string& warning : data.report.warnings) print("warning: " + warning);
  for (const std::string& line : data.report.end_lines()) print(line);
  if (data.stream) return show(data.train, arguments.show, tokenizer);
  std::optional<Loader> packed;
  if (job.data.sample_packing) {
    packed.emplace(data.train, train_loader_options(job));
    print(fmt::format("packing fills {:.1f} % of rows of {} tokens, {} batches an epoch", 100 * packed->fill(),
                      job.data.sequence_len, packed->batches_per_epoch()));
  }
  show(data.train, arguments.show, tokenizer);
  if (!arguments.dump.empty()) dump(data.train, packed ? &*packed : nullptr, arguments.dump);
}

}  // namespace

void add_preprocess_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "preprocess", "Tokenise and mask the data of a run, and show what bears loss; needs no weights.");
  add_examples(*command, {"eft preprocess run.yaml --show 3", "eft preprocess run.yaml --dump rows.jsonl"});
  command->add_option("config", arguments->config, "YAML file of the run, in Axolotl's spelling")->required();
  command->add_option("--set", arguments->overrides, "Override an option: key=value")->allow_extra_args(false);
  command->add_option("--show", arguments->show, "Print this many examples, what bears loss marked")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--dump", arguments->dump,
                      "Write every example as a line of JSON, or every row of packed examples, to a new file");
  command->add_flag("--force", arguments->force, "Let --dump replace a file, but none that the run reads");
  command->callback([arguments] { preprocess(*arguments); });
}

}  // namespace eft
