#include "train/checkpoints/checkpoint_files.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kChecksum = "checksum";

std::string hash_of_file(const fs::path& path) {
  Hasher hasher;
  add_file(hasher, path);
  return hasher.hex();
}

/// Of all but the checksum itself.
std::string hash_of_state(Json state) {
  state.erase(kChecksum);
  Hasher hasher;
  hasher.add(state.dump());
  return hasher.hex();
}

/// The length that the state gives a file; an earlier eft kept nothing else.
std::uint64_t length_of(const Json& file) {
  const Json bytes = file.is_object() ? file.value("bytes", Json()) : file;
  return bytes.is_number_unsigned() ? bytes.get<std::uint64_t>() : 0;
}

/// Name and what is kept of it, for each file but the state's own.
Json files_of(const Json& state) {
  Json files = state.value("files", Json());
  return files.is_object() ? files : Json::object();
}

bool has_length(const fs::path& path, const Json& file) {
  std::error_code missing;
  const auto size = fs::file_size(path, missing);
  return !missing && size == length_of(file);
}

/// How to begin from what another trainer left.
std::string remedy(const fs::path& folder) {
  const bool adapter = fs::exists(folder / "adapter_config.json");
  return fmt::format("{}: {} begins a new run from its {}, without the optimizer's state",
                     adapter ? "lora_model_dir" : "base_model", folder.string(), adapter ? "adapter" : "weights");
}

[[noreturn]] void refuse_without_state(const fs::path& folder) {
  for (const std::string& name : names_in(folder)) {
    if (!is_own_checkpoint(folder / name)) continue;
    throw FileError("{}: is not a checkpoint of eft, it holds some; name one of them, {}", folder.string(),
                    (folder / name).string());
  }
  throw FileError("{}: is not a checkpoint of eft, it has no {}; {}", folder.string(), kStateFile, remedy(folder));
}

}  // namespace

bool is_own_checkpoint(const fs::path& folder) {
  if (!fs::is_regular_file(folder / kStateFile)) return false;
  const Json state = parse_json(read_json_text(folder / kStateFile)).value;
  return state.is_object() && state.contains("format") && state["format"] == kStateFormat;
}

Json read_state(const fs::path& folder) {
  const fs::path path = folder / kStateFile;
  if (!fs::is_directory(folder)) throw FileError("{}: no such checkpoint folder", folder.string());
  if (!fs::exists(path)) refuse_without_state(folder);
  const Json state = read_json_object<FileError>(path);
  if (!state.contains("format") || state["format"] != kStateFormat) {
    throw FileError("{}: is not a checkpoint of eft, its {} is that of Transformers' or another trainer; {}",
                    folder.string(), kStateFile, remedy(folder));
  }
  if (state.contains(kChecksum) && state[kChecksum] != hash_of_state(state)) {
    throw FileError("{}: is not as it was written, its checksum differs; resume from another checkpoint",
                    path.string());
  }
  return state;
}

bool keeps_identity(const fs::path& folder) { return read_state(folder).contains("run"); }

void write_state(const fs::path& folder, Json state) {
  Json files = Json::object();
  with_file_errors([&] {
    for (const std::string& name : names_in(folder)) {
      files[name] = {{"bytes", fs::file_size(folder / name)}, {"checksum", hash_of_file(folder / name)}};
    }
  });
  state["files"] = std::move(files);
  state[kChecksum] = hash_of_state(state);
  write_text(folder / kStateFile, state.dump(2) + "\n");
}

bool has_all_files(const fs::path& folder, const Json& state) {
  const Json files = files_of(state);
  for (const auto& [name, file] : files.items()) {
    if (!has_length(folder / name, file)) return false;
  }
  return true;
}

void require_intact(const fs::path& folder, const Json& state) {
  const Json files = files_of(state);
  for (const auto& [name, file] : files.items()) {
    const fs::path path = folder / name;
    if (!has_length(path, file)) {
      throw FileError("{}: missing or not as long as it was written; is the checkpoint a copy that was interrupted?",
                      path.string());
    }
    if (file.is_object() && file.value(kChecksum, Json()) != hash_of_file(path)) {
      throw FileError("{}: is not as it was written, its checksum differs; resume from another checkpoint",
                      path.string());
    }
  }
}

std::string foreign_file(const fs::path& folder) {
  const bool own = is_own_checkpoint(folder);
  const Json files = own ? files_of(parse_json(read_json_text(folder / kStateFile)).value) : Json::object();
  for (const std::string& name : names_in(folder)) {
    if (!files.contains(name) && !(own && name == kStateFile)) return name;
  }
  return "";
}

}  // namespace eft
