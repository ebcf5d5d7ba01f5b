#pragma once

#include <array>
#include <filesystem>

namespace eft {

/// What a folder holds of a tokenizer and its chat template.
inline constexpr std::array kTokenizerFiles = {"tokenizer.json",    "tokenizer_config.json", "special_tokens_map.json",
                                               "added_tokens.json", "tokenizer.model",       "chat_template.jinja"};

/// Folder of further chat templates, NAME.jinja each, and the file that processors had before.
inline constexpr const char* kTemplateFolder = "additional_chat_templates";
inline constexpr const char* kProcessorTemplate = "chat_template.json";

/// Copies those of the files that `from` has into the folder `to`. A chat_template.jinja takes the place of all
/// templates there. Throws FileError.
void copy_tokenizer_files(const std::filesystem::path& from, const std::filesystem::path& to);

/// Copies the folder of further templates, where there is one.
void copy_template_folder(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace eft
