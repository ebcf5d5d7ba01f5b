// Rows as they stand in a file, in every format: the first byte chooses format and file, the rest is the file.
#include <array>

#include "data/formats/format.h"
#include "data/preference/preference_rows.h"
#include "data/preference_options.h"
#include "data/sources/source.h"
#include "target.h"

namespace eft {
namespace {

constexpr std::array kTypes = {
    DatasetType::chat_template, DatasetType::alpaca,         DatasetType::input_output,
    DatasetType::completion,    DatasetType::user_defined,   DatasetType::chat_template_default,
    DatasetType::chatml_ultra,  DatasetType::chatml_argilla, DatasetType::chat_template_argilla};
constexpr std::array kTemplates = {"gemma4", "gemma3", "chatml"};

const std::filesystem::path kModel = "examples/demo/model";

const Tokenizer& tokenizer() {
  static const Tokenizer loaded = Tokenizer::load(kModel);
  return loaded;
}

DataOptions options_for(std::size_t choice) {
  DataOptions options;
  DatasetOptions& dataset = options.datasets.emplace_back();
  dataset.type = kTypes[choice % kTypes.size()];
  dataset.message_field_training = "train";
  dataset.message_field_training_detail = "train_detail";
  dataset.split_thinking = choice % 2 == 1;
  dataset.drop_system_message = choice % 5 == 1;
  options.chat_template = kTemplates[choice % kTemplates.size()];
  if (choice % 3 == 0) options.thought_channel = choice % 2 == 0 ? ThoughtChannel::train : ThoughtChannel::strip;
  if (dataset.type == DatasetType::chatml_argilla) options.rl = Objective::kto;
  if (dataset.type == DatasetType::chat_template_argilla) options.rl = Objective::orpo;
  if (is_preference_type(dataset.type) && !options.rl) options.rl = Objective::dpo;
  return options;
}

void format_row(const RawRow& row, const DataOptions& options) {
  if (!options.rl) {
    for (const Example& example :
         make_format(options.datasets[0], options, kModel, tokenizer())->format(row).examples) {
      expect(example.tokens.size() == example.labels.size(), "a label for every token");
      expect(example.weights.empty() || example.weights.size() == example.labels.size(), "a weight for every label");
    }
    return;
  }
  const PreferenceRows rows(make_preference_format(options.datasets[0], options, kModel, tokenizer()), options,
                            tokenizer(), 64);
  const FormattedRow made = rows.format(row);
  expect(made.examples.size() <= 2, "a pair of answers, or one");
  for (const Example& example : made.examples) {
    expect(example.tokens.size() == example.labels.size(), "a label for every token");
  }
}

}  // namespace

void fuzz_one(std::string_view input) {
  DataOptions options = options_for(take_choice(input, 90));
  constexpr std::array kEndings = {".jsonl", ".json", ".csv", ".txt"};
  const auto path = scratch_folder() / (std::string("rows") + kEndings[take_choice(input, kEndings.size())]);
  write_text(path, std::string(input));
  options.datasets[0].path = path.string();
  expect_errors_only([&] {
    RowSource source(options.datasets[0], false);
    for (int rows = 0; rows < 16; ++rows) {
      const auto row = source.next();
      if (!row) break;
      expect_errors_only([&] { format_row(*row, options); });
    }
  });
}

}  // namespace eft
