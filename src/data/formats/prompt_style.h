#pragma once

#include <string>

#include "data/data_options.h"

namespace eft {

/// How an instruction row becomes the text in front of its answer. {0} of the formats is the instruction, {1} the
/// input.
struct PromptStyle {
  // Columns of the row.
  const char* instruction = "instruction";
  const char* input = "input";  ///< may be missing in a row; nullptr: no such column
  const char* output = "output";
  const char* system = nullptr;  ///< nullptr: a fixed system text
  // Fixed system texts, with an input and without.
  const char* system_text = "";
  const char* system_text_alone = "";
  // Formats.
  const char* system_format = "{}";
  const char* turn = "";
  const char* turn_alone = "";  ///< without an input
};

/// The style of an instruction dataset, or nullptr for the types that are none.
const PromptStyle* prompt_style(DatasetType type);

/// The text in front of the answer; `system` counts where the style has a column for it.
std::string build_prompt(const PromptStyle& style, const std::string& instruction, const std::string& input,
                         const std::string& system);

}  // namespace eft
