#include "data/formats/prompt_style.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace eft {
namespace {

// Models tuned on these data sets expect their wording to the letter. The first two are Stanford Alpaca's.
constexpr const char* kTask =
    "Below is an instruction that describes a task, paired with an input that provides further context. Write a "
    "response that appropriately completes the request.";
constexpr const char* kTaskAlone =
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.";
constexpr const char* kConcise =
    "Below is an instruction from a USER that describes a task, paired with an input that provides further context. "
    "The ASSISTANT writes a response that concisely and appropriately completes the request.\n\n";
constexpr const char* kConciseAlone =
    "Below is an instruction from a USER that describes a task. The ASSISTANT writes a response that appropriately "
    "and concisely completes the request.\n\n";

/// Headings, as in Alpaca.
constexpr PromptStyle instruct() {
  PromptStyle style;
  style.system_format = "{}\n\n";
  style.turn = "### Instruction:\n{0}\n\n### Input:\n{1}\n\n### Response:\n";
  style.turn_alone = "### Instruction:\n{0}\n\n### Response:\n";
  return style;
}

/// USER and ASSISTANT.
constexpr PromptStyle chat() {
  PromptStyle style;
  style.system_format = "SYSTEM: {}\n";
  style.turn = "USER: {0}\n{1}\nASSISTANT:";
  style.turn_alone = "USER: {0}\nASSISTANT:";
  return style;
}

constexpr PromptStyle with_task(PromptStyle style) {
  style.system_text = kTask;
  style.system_text_alone = kTaskAlone;
  return style;
}

constexpr PromptStyle with_concise_task(PromptStyle style) {
  style.system_text = kConcise;
  style.system_text_alone = kConciseAlone;
  return style;
}

constexpr PromptStyle with_columns(PromptStyle style, const char* instruction, const char* output) {
  style.instruction = instruction;
  style.input = nullptr;
  style.output = output;
  return style;
}

constexpr PromptStyle with_system_column(PromptStyle style, const char* system) {
  style.system = system;
  return style;
}

constexpr PromptStyle with_formats(PromptStyle style, const char* system, const char* turn, const char* turn_alone) {
  style.system_format = system;
  style.turn = turn;
  style.turn_alone = turn_alone;
  return style;
}

constexpr PromptStyle open_orca() {
  return with_system_column(with_columns(PromptStyle(), "question", "response"), "system_prompt");
}

constexpr PromptStyle gpteacher() {
  PromptStyle style = with_task(instruct());
  style.output = "response";
  return style;
}

constexpr std::array kStyles = {
    std::pair{DatasetType::alpaca, with_task(instruct())},
    std::pair{DatasetType::alpaca_no_prompt, instruct()},
    std::pair{DatasetType::alpaca_chat, with_task(chat())},
    std::pair{DatasetType::alpaca_chat_concise, with_concise_task(chat())},
    std::pair{DatasetType::alpaca_chat_qa, with_columns(with_concise_task(chat()), "question", "answer")},
    std::pair{DatasetType::alpaca_chat_camel_ai, with_columns(with_concise_task(chat()), "message_1", "message_2")},
    std::pair{DatasetType::alpaca_chat_no_prompt, chat()},
    std::pair{DatasetType::alpaca_w_system, with_system_column(chat(), "system")},
    std::pair{DatasetType::alpaca_w_system_instruct, with_system_column(instruct(), "system")},
    std::pair{DatasetType::open_orca, with_formats(open_orca(), "### System:\n{}\n",
                                                   "### Human:\n{0}\n### Additional Context:\n{1}\n### Assistant:\n",
                                                   "### Human:\n{0}\n### Assistant:\n")},
    std::pair{DatasetType::open_orca_chatml,
              with_formats(open_orca(), "<|im_start|>system\n{}<|im_end|>\n",
                           "<|im_start|>user\n{0}\n{1}<|im_end|>\n<|im_start|>assistant\n",
                           "<|im_start|>user\n{0}<|im_end|>\n<|im_start|>assistant\n")},
    std::pair{DatasetType::gpteacher, gpteacher()},
    std::pair{DatasetType::oasst, with_columns(with_task(instruct()), "INSTRUCTION", "RESPONSE")},
    std::pair{DatasetType::summarizetldr,
              with_formats(with_columns(PromptStyle(), "article", "summary"), "{}",
                           "USER: Summarize the following article as a TL;DR.\n{0}\n{1}\nASSISTANT:",
                           "USER: Summarize the following article as a TL;DR.\n{0}\nASSISTANT:")},
};

}  // namespace

const PromptStyle* prompt_style(DatasetType type) {
  const auto found = std::find_if(kStyles.begin(), kStyles.end(), [&](const auto& row) { return row.first == type; });
  return found == kStyles.end() ? nullptr : &found->second;
}

std::string build_prompt(const PromptStyle& style, const std::string& instruction, const std::string& input,
                         const std::string& system) {
  const std::string fixed = input.empty() ? style.system_text_alone : style.system_text;
  const std::string& text = style.system != nullptr ? system : fixed;
  std::string prompt = text.empty() ? "" : fmt::format(fmt::runtime(style.system_format), text);
  const char* turn = input.empty() ? style.turn_alone : style.turn;
  return prompt + fmt::format(fmt::runtime(turn), instruction, input);
}

}  // namespace eft
