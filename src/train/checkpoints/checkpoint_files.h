#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace eft {

/// Where a checkpoint says what it is, and its first word.
inline constexpr const char* kStateFile = "trainer_state.json";
inline constexpr const char* kStateFormat = "eft-trainer-state-1";

/// Whether eft wrote the folder as a checkpoint, whole or not.
bool is_own_checkpoint(const std::filesystem::path& folder);

/// trainer_state.json of a checkpoint. Throws FileError where it is missing, damaged, or of another trainer.
nlohmann::ordered_json read_state(const std::filesystem::path& folder);

/// Whether the checkpoint tells rows, tokenizer and base of its run; those of an earlier eft do not.
bool keeps_identity(const std::filesystem::path& folder);

/// Writes trainer_state.json behind all other files of a checkpoint, whose lengths and checksums it keeps.
void write_state(const std::filesystem::path& folder, nlohmann::ordered_json state);

/// Whether all files that the state lists are there with their lengths; cheap.
bool has_all_files(const std::filesystem::path& folder, const nlohmann::ordered_json& state);

/// Reads all files that the state lists; throws FileError where one is missing or not as it was written.
void require_intact(const std::filesystem::path& folder, const nlohmann::ordered_json& state);

/// The first name in a folder that is no file of a checkpoint of eft; empty when there is none.
std::string foreign_file(const std::filesystem::path& folder);

}  // namespace eft
