#include "data/formats/format.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/formats/chat_format.h"
#include "data/preference_options.h"
#include "data/formats/text_format.h"
#include "data/formats/user_format.h"

namespace eft {
namespace {

struct UsualColumn {
  const char* column;
  const char* type;
};

/// Columns by which a type of dataset is known.
constexpr std::array kUsualColumns = {
    UsualColumn{"messages", "chat_template"},
    UsualColumn{"conversations", "chat_template, with field_messages: conversations"},
    UsualColumn{"segments", "input_output"},
    UsualColumn{"instruction", "alpaca"},
    UsualColumn{"chosen", "chat_template.default, with rl"},
    UsualColumn{"text", "completion"},
};

}  // namespace

FormattedRow RowFormat::format(const RawRow& row) const {
  FormattedRow out{.where = row.where, .examples = {}};
  const nlohmann::ordered_json value = parse_row(row);
  find_media(value, out.findings);
  read(value, out);
  for (Example& example : out.examples) example.source = row.where;
  return out;
}

FindingWords words_for(const RowFormat& format, const Tokenizer& tokenizer) {
  return {.template_name = format.template_name(),
          .bos = tokenizer.bos_token(),
          .has_thought_channel = tokenizer.id_of("<|channel>").has_value()};
}

void refuse_untyped(const DatasetOptions& dataset, const std::optional<RawRow>& first) {
  if (!first) throw DataError("{}: the dataset is empty, expected at least one row", dataset.path);
  const nlohmann::ordered_json row = parse_row(*first);
  std::string advice = "set one of chat_template, alpaca, input_output, completion, or a mapping";
  for (const auto& [column, type] : kUsualColumns) {
    if (!row.contains(column)) continue;
    advice = fmt::format("set type: {}", type);
    break;
  }
  if (row.contains("input_ids")) advice = "rows that are tokenised already have labels beside input_ids";
  throw ConfigError("{}: type: not set, and {} has {}; {}", dataset.path, first->where, key_list(row), advice);
}

std::unique_ptr<RowFormat> make_format(const DatasetOptions& dataset, const DataOptions& options,
                                       const std::filesystem::path& base_model, const Tokenizer& tokenizer,
                                       const ImageLayout* images) {
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
                                      tokenizer, images);
}

}  // namespace eft
