#include "models/model_folder.h"

#include "base/file_kind.h"
#include "base/json.h"
#include "quant/weight_source.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// The model that an adapter was trained on, or a word for it.
std::string base_of_adapter(const fs::path& config) {
  const auto object = read_json_object<ConfigError>(config);
  const std::string base = JsonKeys<ConfigError>(object, config.string()).string("base_model_name_or_path", "");
  return base.empty() ? "the model that it was trained on" : base + ", on which it was trained";
}

[[noreturn]] void refuse_file(const fs::path& path) {
  if (path.extension() == ".gguf") {
    throw FileError("{}: a GGUF file, which is not supported yet; {}", path.string(), kSafetensorsInstead);
  }
  throw FileError("{}: a file, expected a Hugging Face checkpoint folder with config.json and safetensors",
                  path.string());
}

bool holds_gguf(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".gguf") return true;
  }
  return false;
}

}  // namespace

void check_model_folder(const fs::path& folder) {
  if (!fs::exists(folder)) throw FileError("{}: no such folder; {}", folder.string(), kSafetensorsInstead);
  if (!fs::is_directory(folder)) refuse_file(folder);
  if (!fs::exists(folder / "config.json")) {
    if (fs::exists(folder / "adapter_config.json")) {
      throw ConfigError(
          "{}: an adapter, not a model; name its model, {}, and this folder with --adapter or as the adapter to start "
          "from",
          folder.string(), base_of_adapter(folder / "adapter_config.json"));
    }
    if (holds_gguf(folder)) {
      throw FileError("{}: holds GGUF files, which are not supported yet; {}", folder.string(), kSafetensorsInstead);
    }
    throw FileError("{}: no config.json; {}", folder.string(), kSafetensorsInstead);
  }
  check_quantization(folder);
}

}  // namespace eft
