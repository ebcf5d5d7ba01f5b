#include "data/formats/format.h"

#include "base/error.h"
#include "data/formats/chat_format.h"
#include "data/preference_options.h"
#include "data/formats/text_format.h"
#include "data/formats/user_format.h"

namespace eft {

std::unique_ptr<RowFormat> make_format(const DatasetOptions& dataset, const DataOptions& options,
                                       const std::filesystem::path& base_model, const Tokenizer& tokenizer) {
  if (is_preference_type(dataset.type)) {
    throw ConfigError("{}: type: {}", dataset.path, preference_fault(dataset.type, std::nullopt));
  }
  if (dataset.type == DatasetType::user_defined) {
    return std::make_unique<UserInstructionFormat>(dataset.type.fields, options, tokenizer);
  }
  if (const PromptStyle* style = prompt_style(dataset.type)) {
    return std::make_unique<InstructionFormat>(*style, options, tokenizer);
  }
  if (dataset.type == DatasetType::completion) return std::make_unique<CompletionFormat>(dataset, options, tokenizer);
  if (dataset.type == DatasetType::input_output) return std::make_unique<SegmentFormat>(options, tokenizer);
  expect(dataset.type == DatasetType::chat_template, "a format for every type of dataset");
  return std::make_unique<ChatFormat>(dataset, options, choose_template(dataset, options, base_model, tokenizer),
                                      tokenizer);
}

}  // namespace eft
