#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/field.h"

namespace eft {

/// How the rows of a dataset become text.
enum class DatasetType {
  chat_template,
  alpaca,
  alpaca_no_prompt,
  alpaca_chat,
  alpaca_chat_concise,
  alpaca_chat_qa,
  alpaca_chat_camel_ai,
  alpaca_chat_no_prompt,
  alpaca_w_system,
  alpaca_w_system_instruct,
  open_orca,
  open_orca_chatml,
  gpteacher,
  oasst,
  summarizetldr,
  input_output,
  completion,
  user_defined,  ///< a mapping in the place of a name
  untyped,       ///< left out: rows that are tokenised already
  // Preferences, for `rl`.
  chat_template_default,
  chat_template_argilla,
  chat_template_argilla_chat,
  chatml,
  chatml_argilla,
  chatml_argilla_chat,
  chatml_icr,
  chatml_intel,
  chatml_prompt_pairs,
  chatml_ultra,
  passthrough
};

constexpr auto enum_names(DatasetType) {
  return std::array{EnumName{DatasetType::chat_template, "chat_template"},
                    EnumName{DatasetType::alpaca, "alpaca"},
                    EnumName{DatasetType::alpaca, "alpaca_instruct"},
                    EnumName{DatasetType::alpaca_no_prompt, "alpaca_instruct.load_no_prompt"},
                    EnumName{DatasetType::alpaca_chat, "alpaca_chat"},
                    EnumName{DatasetType::alpaca_chat, "alpaca:chat"},
                    EnumName{DatasetType::alpaca_chat_concise, "alpaca_chat.load_concise"},
                    EnumName{DatasetType::alpaca_chat_qa, "alpaca_chat.load_qa"},
                    EnumName{DatasetType::alpaca_chat_camel_ai, "alpaca_chat.load_camel_ai"},
                    EnumName{DatasetType::alpaca_chat_no_prompt, "alpaca_chat.load_no_prompt"},
                    EnumName{DatasetType::alpaca_w_system, "alpaca_w_system"},
                    EnumName{DatasetType::alpaca_w_system, "alpaca_w_system.load_chat"},
                    EnumName{DatasetType::alpaca_w_system_instruct, "alpaca_w_system.load_instruct"},
                    EnumName{DatasetType::open_orca, "alpaca_w_system.load_open_orca"},
                    EnumName{DatasetType::open_orca_chatml, "alpaca_w_system.load_open_orca_chatml"},
                    EnumName{DatasetType::gpteacher, "gpteacher"},
                    EnumName{DatasetType::oasst, "oasst"},
                    EnumName{DatasetType::summarizetldr, "summarizetldr"},
                    EnumName{DatasetType::input_output, "input_output"},
                    EnumName{DatasetType::completion, "completion"},
                    EnumName{DatasetType::chat_template_default, "chat_template.default"},
                    EnumName{DatasetType::chat_template_argilla, "chat_template.argilla"},
                    EnumName{DatasetType::chat_template_argilla_chat, "chat_template.argilla_chat"},
                    EnumName{DatasetType::chatml, "chatml"},
                    EnumName{DatasetType::chatml, "chatml.default"},
                    EnumName{DatasetType::chatml_argilla, "chatml.argilla"},
                    EnumName{DatasetType::chatml_argilla_chat, "chatml.argilla_chat"},
                    EnumName{DatasetType::chatml_icr, "chatml.icr"},
                    EnumName{DatasetType::chatml_intel, "chatml.intel"},
                    EnumName{DatasetType::chatml_prompt_pairs, "chatml.prompt_pairs"},
                    EnumName{DatasetType::chatml_ultra, "chatml.ultra"},
                    EnumName{DatasetType::passthrough, "passthrough"}};
}

/// Columns and words of a `type` that is a mapping: those of instructions, and with `rl` those of preferences. What is
/// left out is as in Axolotl.
struct UserFormat {
  std::optional<std::string> system_prompt;
  std::optional<std::string> system_format;
  std::optional<std::string> field_system;
  std::optional<std::string> field_instruction;
  std::optional<std::string> field_input;
  std::optional<std::string> field_output;
  std::optional<std::string> format;
  std::optional<std::string> no_input_format;
  std::optional<std::string> field_prompt;
  std::optional<std::string> field_chosen;
  std::optional<std::string> field_rejected;
  std::optional<std::string> field_completion;
  std::optional<std::string> field_label;
  std::optional<std::string> prompt_format;
  std::optional<std::string> chosen_format;
  std::optional<std::string> rejected_format;
  std::optional<std::string> completion_format;
};

template <class Visitor>
void describe(Visitor&& field, UserFormat& o) {
  field({"system_prompt", "System text of rows that have none."}, o.system_prompt);
  field({"system_format", "Text around the system text {system}; left out, nothing."}, o.system_format);
  field({"field_system", "Column of the system text; left out, system."}, o.field_system);
  field({"field_instruction", "Column of {instruction}; left out, instruction."}, o.field_instruction);
  field({"field_input", "Column of {input}; left out, input."}, o.field_input);
  field({"field_output", "Column of the answer, which bears loss; left out, output."}, o.field_output);
  field({"format", "Text in front of the answer, with {instruction} and {input}; left out, '{instruction} {input} '."},
        o.format);
  field({"no_input_format", "The same for rows without an input; left out, '{instruction} '."}, o.no_input_format);
  field({"field_prompt", "With rl: column of {prompt}; left out, prompt."}, o.field_prompt);
  field({"field_chosen", "With rl: column of {chosen}; left out, chosen."}, o.field_chosen);
  field({"field_rejected", "With rl: column of {rejected}; left out, rejected."}, o.field_rejected);
  field({"field_completion", "With rl: kto: column of {completion}; left out, completion."}, o.field_completion);
  field({"field_label", "With rl: kto: column that says whether the completion is a good one; left out, label."},
        o.field_label);
  field({"prompt_format", "With rl: text of the prompt, with {prompt} and {system}; left out, {prompt}."},
        o.prompt_format);
  field({"chosen_format", "With rl: text of the better answer, with {chosen}; left out, {chosen}."}, o.chosen_format);
  field({"rejected_format", "With rl: text of the worse answer, with {rejected}; left out, {rejected}."},
        o.rejected_format);
  field({"completion_format", "With rl: kto: text of the answer, with {completion}; left out, {completion}."},
        o.completion_format);
}

/// Learning from preferences.
enum class Objective { dpo, ipo, simpo, orpo, kto, cpo };

constexpr auto enum_names(Objective) {
  return std::array{EnumName{Objective::dpo, "dpo"}, EnumName{Objective::ipo, "ipo"},
                    EnumName{Objective::simpo, "simpo"}, EnumName{Objective::orpo, "orpo"},
                    EnumName{Objective::kto, "kto"}, EnumName{Objective::cpo, "cpo"}};
}

/// What a row may hold that nothing is made of, or lack.
enum class Finding {
  tools,
  tool_calls,
  tool_responses,
  reasoning,
  content,
  thinking_tags,
  images,
  audios,
  videos,
  missing_bos,
  doubled_bos
};

constexpr auto enum_names(Finding) {
  return std::array{EnumName{Finding::tools, "tools"},
                    EnumName{Finding::tool_calls, "tool_calls"},
                    EnumName{Finding::tool_responses, "tool_responses"},
                    EnumName{Finding::reasoning, "reasoning"},
                    EnumName{Finding::content, "content"},
                    EnumName{Finding::thinking_tags, "thinking_tags"},
                    EnumName{Finding::images, "images"},
                    EnumName{Finding::audios, "audios"},
                    EnumName{Finding::videos, "videos"},
                    EnumName{Finding::missing_bos, "missing_bos"},
                    EnumName{Finding::doubled_bos, "doubled_bos"}};
}

/// What happens to a row that cannot be used.
enum class BadRow { raise, drop };

constexpr auto enum_names(BadRow) {
  return std::array{EnumName{BadRow::raise, "raise"}, EnumName{BadRow::drop, "drop"}};
}

/// What becomes of the reasoning of answers, in templates with a thought channel.
enum class ThoughtChannel { train, mask, strip };

constexpr auto enum_names(ThoughtChannel) {
  return std::array{EnumName{ThoughtChannel::train, "train"}, EnumName{ThoughtChannel::mask, "mask"},
                    EnumName{ThoughtChannel::strip, "strip"}};
}

/// File format of a dataset, when its name does not tell.
enum class DatasetFileType { json, jsonl, csv, text, parquet, arrow };

constexpr auto enum_names(DatasetFileType) {
  return std::array{EnumName{DatasetFileType::json, "json"},       EnumName{DatasetFileType::jsonl, "jsonl"},
                    EnumName{DatasetFileType::csv, "csv"},         EnumName{DatasetFileType::text, "text"},
                    EnumName{DatasetFileType::parquet, "parquet"}, EnumName{DatasetFileType::arrow, "arrow"}};
}

/// Which end-of-turn tokens bear loss.
enum class TrainOnEos { all, turn, last, none };

constexpr auto enum_names(TrainOnEos) {
  return std::array{EnumName{TrainOnEos::all, "all"}, EnumName{TrainOnEos::turn, "turn"},
                    EnumName{TrainOnEos::last, "last"}, EnumName{TrainOnEos::none, "none"}};
}

/// What happens to a row with more than sequence_len tokens.
enum class ExcessLength { drop, truncate, raise };

constexpr auto enum_names(ExcessLength) {
  return std::array{EnumName{ExcessLength::drop, "drop"}, EnumName{ExcessLength::truncate, "truncate"},
                    EnumName{ExcessLength::raise, "raise"}};
}

/// One entry of `datasets`.
struct DatasetOptions {
  std::string path;
  NameOrMapping<DatasetType, DatasetType::user_defined, UserFormat> type = DatasetType::untyped;
  std::optional<DatasetFileType> ds_type;
  std::optional<std::string> name;
  std::optional<std::string> revision;
  std::optional<std::string> split;  ///< "train", "train[:1%]", "train[10:20]"
  StringOrList data_files;
  std::string field = "text";
  std::string field_messages = "messages";
  std::string field_tools = "tools";
  std::string field_chosen = "chosen";
  std::string field_rejected = "rejected";
  StringMap message_property_mappings;  ///< name in the template → name in the row; what is missing maps to itself
  JsonText roles;                       ///< role → list of names it has in the rows; empty: human, gpt
  bool drop_system_message = false;
  std::optional<std::string> message_field_training;
  std::optional<std::string> message_field_training_detail;
  std::string field_thinking = "reasoning_content";
  std::string template_thinking_key = "reasoning_content";
  bool split_thinking = false;
  std::vector<std::string> roles_to_train = {"assistant"};
  std::optional<TrainOnEos> train_on_eos;    ///< left out: as train_on_eot where one token is both, else turn
  std::optional<TrainOnEos> train_on_eot;    ///< left out: as train_on_eos
  std::optional<std::string> chat_template;  ///< left out: DataOptions::chat_template
  std::optional<std::string> chat_template_jinja;
  std::filesystem::path media_folder;
};

template <class Visitor>
void describe(Visitor&& field, DatasetOptions& o) {
  field({"path", "File or folder of the dataset.", true}, o.path);
  field({"type", "How a row becomes text; may be left out where rows have input_ids and labels."}, o.type);
  field({"ds_type", "File format, when the file's name does not tell."}, o.ds_type);
  field({"name", "Which of the configurations that the README.md of a dataset declares."}, o.name);
  field({"revision", "Branch, tag or commit of a dataset of the Hugging Face hub; left out, main."}, o.revision);
  field({"split", "Part of the dataset, for instance train[:10%] or train[100:200]."}, o.split);
  field({"data_files", "Files to read inside `path`."}, o.data_files);
  field({"field", "Column that holds the text of a completion dataset."}, o.field);
  field({"field_messages", "Column that holds the list of messages."}, o.field_messages);
  field({"field_tools", "Column that holds the list of tools."}, o.field_tools);
  field({"field_chosen", "With rl: column of the better answer of a chat_template dataset."}, o.field_chosen);
  field({"field_rejected", "With rl: column of the worse answer of a chat_template dataset."}, o.field_rejected);
  field({"message_property_mappings",
         "Name of each message property in the rows, for instance {role: from, content: value}."},
        o.message_property_mappings);
  field({"roles", "Names of each role in the rows, for instance {assistant: [gpt, model], user: [human]}."}, o.roles);
  field({"drop_system_message", "Leave out the system message of each conversation."}, o.drop_system_message);
  field({"message_field_training",
         "Message property that says whether a turn bears loss: true, false, or the weight of its loss."},
        o.message_field_training);
  field({"message_field_training_detail",
         "Message property that lists parts of the content: begin_offset, end_offset (characters, both included), "
         "train."},
        o.message_field_training_detail);
  field({"field_thinking", "Message property that holds the reasoning."}, o.field_thinking);
  field({"template_thinking_key", "Name under which the template reads the reasoning."}, o.template_thinking_key);
  field({"split_thinking",
         "Take what stands between think or reasoning tags out of the content of answers, as their reasoning."},
        o.split_thinking);
  field({"roles_to_train", "Roles whose turns bear loss."}, o.roles_to_train);
  field({"train_on_eos",
         "End-of-sequence tokens that bear loss: all, those of trained turns, the last one, none; left out, turn, or "
         "train_on_eot where the same token ends turns."},
        o.train_on_eos);
  field({"train_on_eot", "End-of-turn tokens that bear loss; left out, as train_on_eos."}, o.train_on_eot);
  field({"chat_template", "Template of this dataset; left out, the one of the run."}, o.chat_template);
  field({"chat_template_jinja", "Text or path of a Jinja template for this dataset."}, o.chat_template_jinja);
  field({"media_folder",
         "Folder of the images that rows name, where they are neither in the working folder nor beside the rows."},
        o.media_folder);
}

/// What becomes of the rows of `pretraining_dataset`.
enum class PretrainingType { pretrain };

constexpr auto enum_names(PretrainingType) { return std::array{EnumName{PretrainingType::pretrain, "pretrain"}}; }

/// One entry of `pretraining_dataset`.
struct PretrainingOptions {
  std::string path;
  PretrainingType type = PretrainingType::pretrain;
  std::optional<DatasetFileType> ds_type;
  std::optional<std::string> split;
  StringOrList data_files;
  std::string text_column = "text";
  std::int64_t skip = 0;
};

template <class Visitor>
void describe(Visitor&& field, PretrainingOptions& o) {
  field({"path", "File or folder of the texts.", true}, o.path);
  field({"type", "pretrain: every token of a text bears loss."}, o.type);
  field({"ds_type", "File format, when the file's name does not tell."}, o.ds_type);
  field({"split", "Part of the dataset, for instance train[100:200]."}, o.split);
  field({"data_files", "Files to read inside `path`."}, o.data_files);
  field({"text_column", "Column that holds the text."}, o.text_column);
  field({"skip", "Rows at the start that are passed over."}, o.skip, Bounds{0});
}

/// Everything between files and packed rows of tokens.
struct DataOptions {
  std::vector<DatasetOptions> datasets;
  std::vector<PretrainingOptions> pretraining_dataset;
  bool streaming = false;
  std::vector<DatasetOptions> test_datasets;
  /// tokenizer_default (the model folder's), a name of ours, jinja, or tokenizer_default_fallback_NAME.
  std::string chat_template = "tokenizer_default";
  std::optional<std::string> chat_template_jinja;
  JsonText chat_template_kwargs;
  std::vector<std::string> eot_tokens;
  std::optional<std::string> default_system_message;
  std::optional<ThoughtChannel> thought_channel;  ///< left out: as the template does
  std::optional<Objective> rl;                    ///< left out: supervised fine-tuning
  BadRow on_bad_row = BadRow::raise;
  std::vector<Finding> allow_in_rows;
  bool train_on_inputs = false;
  std::optional<std::string> processor_type;
  std::int64_t media_max_pixels = 64'000'000;
  std::int64_t media_max_bytes = 256'000'000;
  std::int64_t sequence_len = 512;
  ExcessLength excess_length_strategy = ExcessLength::drop;
  std::optional<std::int64_t> min_sample_len;  ///< left out: 2
  bool sample_packing = false;
  std::optional<bool> eval_sample_packing;  ///< left out: as sample_packing
  bool sample_packing_sequentially = false;
  std::optional<std::int64_t> eval_sequence_len;  ///< left out: sequence_len
  bool group_by_length = false;
  double val_set_size = 0;  ///< below 1 a share of the rows, from 1 on a number of rows
  bool shuffle_merged_datasets = true;
  bool shuffle_before_merging_datasets = false;
  bool dataset_exact_deduplication = false;
  bool curriculum_sampling = false;
  std::optional<std::filesystem::path> dataset_prepared_path;  ///< left out: in the user's cache folder; empty: none
};

template <class Visitor>
void describe(Visitor&& field, DataOptions& o) {
  field({"datasets", "What to train on."}, o.datasets);
  field({"pretraining_dataset",
         "Texts to train on in the place of datasets: tokenised while training, from the start again when they end. "
         "Needs max_steps."},
        o.pretraining_dataset);
  field({"streaming", "What pretraining_dataset always is; datasets are prepared before training."}, o.streaming);
  field({"test_datasets", "What to evaluate on; not together with val_set_size."}, o.test_datasets);
  field({"chat_template", "Chat template: tokenizer_default (the model folder's), gemma3, gemma3n, gemma4, or jinja."},
        o.chat_template);
  field({"chat_template_jinja", "Text or path of the Jinja template for chat_template: jinja."}, o.chat_template_jinja);
  field({"chat_template_kwargs", "Further variables for the chat template, for instance {enable_thinking: true}."},
        o.chat_template_kwargs);
  field({"eot_tokens", "Tokens that end a turn; left out, the ones the template writes."}, o.eot_tokens);
  field({"default_system_message", "System message for conversations that have none."}, o.default_system_message);
  field({"thought_channel",
         "Reasoning of answers, in templates with a thought channel: in front of every answer with loss (train) or "
         "without (mask), or nowhere (strip); left out, the template decides."},
        o.thought_channel);
  field({"rl", "Learn from preferences: from pairs of answers (dpo, ipo, simpo, orpo, cpo), or from answers that are good or bad (kto)."}, o.rl);
  field(
      {"on_bad_row", "What happens to a row that cannot be used: raise an error that names it, or drop and count it."},
      o.on_bad_row);
  field({"allow_in_rows",
         "What rows may hold or lack without a word: tools, tool_calls, tool_responses, reasoning or content that the "
         "template leaves out, thinking_tags that split_thinking leaves in, columns of images, audios or videos, "
         "missing_bos, doubled_bos."},
        o.allow_in_rows);
  field({"train_on_inputs",
         "Let the tokens of the prompt bear loss too; with processor_type all but those of images, as in Axolotl."},
        o.train_on_inputs);
  field(
      {"processor_type",
       "AutoProcessor: rows may hold images, for models whose vision tower eft knows (gemma3). Left out, a run is one "
       "of text."},
      o.processor_type);
  field({"media_max_pixels", "Largest image, in pixels."}, o.media_max_pixels, Bounds{1, 1 << 30});
  field({"media_max_bytes", "Largest file of an image."}, o.media_max_bytes, Bounds{1, 1 << 30});
  field({"sequence_len", "Largest number of tokens of a row, and the length that packing fills."}, o.sequence_len,
        Bounds{1, 1 << 24});
  field({"excess_length_strategy", "What happens to rows longer than sequence_len."}, o.excess_length_strategy);
  field({"min_sample_len", "Rows with fewer tokens are dropped; left out, 2."}, o.min_sample_len, Bounds{0});
  field({"sample_packing", "Fill rows of sequence_len tokens with several samples that do not see each other."},
        o.sample_packing);
  field({"eval_sample_packing", "The same for evaluation; left out, as sample_packing."}, o.eval_sample_packing);
  field({"sample_packing_sequentially",
         "Pack samples exactly in their order, each row until the next sample does not fit; leaves more room unused."},
        o.sample_packing_sequentially);
  field({"eval_sequence_len", "Largest number of tokens of a row of evaluation; left out, sequence_len."},
        o.eval_sequence_len, Bounds{1, 1 << 24});
  field({"group_by_length", "Put samples of similar length into a batch; not with sample_packing."}, o.group_by_length);
  field({"val_set_size", "Rows kept for evaluation: below 1 a share, from 1 on a number of rows."}, o.val_set_size,
        Bounds{0});
  field({"shuffle_merged_datasets", "Shuffle the rows of all datasets together."}, o.shuffle_merged_datasets);
  field(
      {"shuffle_before_merging_datasets", "Shuffle the rows of each of several datasets before they are put together."},
      o.shuffle_before_merging_datasets);
  field({"dataset_exact_deduplication", "Keep the first of examples with the same tokens and labels."},
        o.dataset_exact_deduplication);
  field({"curriculum_sampling",
         "Take the rows of one dataset in the order of its file, and several in the order that merging gave, in every "
         "epoch."},
        o.curriculum_sampling);
  field({"dataset_prepared_path",
         "Folder that keeps prepared rows for the next run with the same data and options; \"\" keeps none. Left out: "
         "eft/prepared in the user's cache folder (XDG_CACHE_HOME, or ~/.cache)."},
        o.dataset_prepared_path);
}

}  // namespace eft
