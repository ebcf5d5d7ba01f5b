#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/key_flags.h"
#include "cli/output_files.h"
#include "cli/terminal.h"
#include "cli/train_job.h"
#include "data/dataset.h"
#include "data/preference/preference_text.h"
#include "data/token_check.h"
#include "data/batches/loader.h"
#include "data/show.h"
#include "data/sources/source.h"
#include "train/loop/trainer.h"

namespace eft {
namespace {

struct Arguments {
  std::filesystem::path config;
  KeyFlags keys;
  std::int64_t show = 0;
  std::optional<std::int64_t> row;
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

/// What the terminal shows of an example: its source, text and tokens, inside a border on a terminal.
void show(const ExampleView& example, const Tokenizer& tokenizer, const Terminal& terminal) {
  const ShowStyle style = terminal.colours ? ShowStyle::colour : ShowStyle::plain;
  const std::string title =
      fmt::format("{}: {} tokens, {} bear loss", example.source(), example.tokens.size(), example.label_tokens());
  const std::size_t columns = terminal.columns > 20 ? terminal.columns : 100;
  const std::string text = show_example(example, tokenizer, style);
  const std::string tokens = show_tokens(example, tokenizer, style, columns - 2);
  if (!terminal.live) return print("\n--- " + title + "\n" + text + "\n" + tokens);
  const auto line = [&](const char* corner, const std::string& words) {
    std::string rule = fmt::format("{}─{}", corner, words.empty() ? "" : " " + words + " ");
    while (width_of(rule) < columns - 1) rule += "─";
    print(terminal.paint(rule, Paint::cyan));
  };
  const auto body = [&](const std::string& lines) {
    std::istringstream stream(lines);
    for (std::string one; std::getline(stream, one);) print(terminal.paint("│", Paint::cyan) + " " + one);
  };
  print("");
  line("╭", title);
  body(text);
  line("├", "");
  body(tokens);
  line("╰", "");
}

/// A preference with the number of tokens of its longest sequence.
void show_pair(const Examples& examples, std::size_t index) {
  const Preference row = preference_of(examples, index);
  print(fmt::format("\n--- {}: {} tokens\n{}", row.source, examples.longest(index), show_preference(row)));
}

/// The first `count` examples, or with `row` those that this row of a file gave.
void show(const Examples& examples, const Arguments& arguments, const Tokenizer& tokenizer) {
  const Terminal terminal = standard_output();
  std::int64_t shown = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (!arguments.row && shown == arguments.show) return;
    const ExampleView example = examples[i];
    if (arguments.row && example.row != *arguments.row) continue;
    if (example.role == PreferenceRole::none) {
      show(example, tokenizer, terminal);
    } else {
      show_pair(examples, i);
    }
    ++shown;
  }
  if (arguments.row && shown == 0) {
    throw DataError("--row: no example to train on is of row {}; was it dropped, or kept for evaluation?",
                    *arguments.row);
  }
}

/// One example or preference a line, or one row of examples where they are packed.
void dump(const Examples& examples, const Loader* packed, const std::filesystem::path& path) {
  AtomicFile file(path);
  const std::size_t lines = packed != nullptr ? packed->rows().size() : examples.size();
  for (std::size_t line = 0; line < lines; ++line) {
    if (packed == nullptr) {
      const bool plain = examples[line].role == PreferenceRole::none;
      file.write((plain ? dump_example(examples[line], examples.media() != nullptr)
                        : dump_preference(preference_of(examples, line))) +
                 "\n");
      continue;
    }
    std::vector<ExampleView> row;
    for (const std::uint32_t sample : packed->rows()[line]) row.push_back(examples[sample]);
    file.write(dump_packed(row, examples.media() != nullptr) + "\n");
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

std::shared_ptr<const MediaDecoder> media_if_known(const TrainJob& job) {
  return std::filesystem::exists(job.base_model / "config.json") ? media_of(job) : nullptr;
}

void preprocess(const Arguments& arguments) {
  const TrainJob job = read_job(arguments.config, arguments.keys.overrides());
  check_dump(arguments, job);
  const Tokenizer tokenizer = Tokenizer::load(job.tokenizer);
  check_tokens(job.tokens, tokenizer);
  for (const std::string& note : job.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  const std::int64_t vocabulary = vocabulary_if_known(job);
  const PreparedData data =
      prepare_data(job.data, job.tokenizer, tokenizer, job.train.seed, vocabulary, media_if_known(job));
  for (const std::string& line : data.report.tables()) print(line);
  for (const std::string& warning : data.report.warnings) print("warning: " + warning);
  for (const std::string& line : data.report.end_lines()) print(line);
  if (data.stream) return show(data.train, arguments, tokenizer);
  std::optional<Loader> packed;
  if (job.data.sample_packing) {
    packed.emplace(data.train, train_loader_options(job));
    print(fmt::format("packing fills {:.1f} % of rows of {} tokens, {} batches an epoch", 100 * packed->fill(),
                      packed->capacity(), packed->batches_per_epoch()));
  }
  show(data.train, arguments, tokenizer);
  if (arguments.dump.empty()) return;
  dump(data.train, packed && !job.data.rl ? &*packed : nullptr, arguments.dump);
}

}  // namespace

void add_preprocess_command(CLI::App& app, int& /*exit_code*/) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "preprocess", "Tokenise and mask the data of a run, and show what bears loss; needs no weights.");
  add_examples(*command, {"eft preprocess run.yaml --show 3", "eft preprocess run.yaml --dump rows.jsonl"});
  command->add_option("config", arguments->config, "YAML file of the run, in Axolotl's spelling")->required();
  arguments->keys.add_to(*command);
  command->add_flag_callback(
      "--debug", [arguments] { arguments->show = std::max<std::int64_t>(arguments->show, 1); }, "The same as --show 1");
  command->add_option("--show", arguments->show, "Print this many examples, what bears loss marked")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--row", arguments->row, "Show the examples of this row of the files instead")
      ->check(CLI::PositiveNumber);
  command->add_option("--dump", arguments->dump,
                      "Write every example as a line of JSON, or every row of packed examples, to a new file");
  command->add_flag("--force", arguments->force, "Let --dump replace a file, but none that the run reads");
  command->callback([arguments] { preprocess(*arguments); });
}

}  // namespace eft
