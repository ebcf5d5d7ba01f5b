#include "train/checkpoints/output_folder.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ranges>
#include <regex>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/owned_folder.h"
#include "report/words.h"
#include "tensor/pool.h"
#include "train/checkpoints/checkpoint_files.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMetrics = "metrics.jsonl";

bool is_weights_or_config(const std::string& name) {
  static const std::regex names(
      R"((generation_)?config\.json|model(-\d+-of-\d+)?\.safetensors|model\.safetensors\.index\.json)");
  return std::regex_match(name, names);
}

/// Whether a run may write something of this name.
bool is_written(const std::string& name) {
  static const std::regex names(
      R"(adapter_(model\.safetensors|config\.json)|(added_tokens|special_tokens_map|tokenizer|tokenizer_config)\.json)"
      R"(|tokenizer\.model|chat_template\.(jinja|json)|(pre)?processor_config\.json|metrics\.jsonl|trace\.json|checkpoint-\d+)");
  return is_weights_or_config(name) || std::regex_match(name, names);
}

/// metrics.jsonl as eft writes it.
bool has_own_metrics(const fs::path& folder) {
  if (!fs::is_regular_file(folder / kMetrics)) return false;
  const std::string text = read_text(folder / kMetrics);
  const auto line = nlohmann::json::parse(text.substr(0, text.find('\n')), nullptr, false);
  return line.is_object() && line.contains("step") && line.contains("label_tokens") && line.contains("seconds");
}

/// Whether an eft that kept no list wrote into the folder.
bool is_of_earlier_eft(const fs::path& folder, const std::vector<std::string>& names) {
  return has_own_metrics(folder) ||
         std::ranges::any_of(names, [&](const std::string& name) { return is_own_checkpoint(folder / name); });
}

bool is_passing(const std::string& name) {
  return name == FolderLock::kFile || name == OwnedFolder::kList || name == "checkpoint_now" || name == "lost+found" ||
         is_leftover(name);
}

/// What stands in the way of a run in `folder`.
std::vector<std::string> foreign_names(const fs::path& folder) {
  const OwnedFolder owned(folder);
  const std::vector<std::string> names = names_in(folder);
  const bool earlier = !owned.has_list() && is_of_earlier_eft(folder, names);
  const auto foreign = [&](const std::string& name) {
    if (owned.owns(name) || is_passing(name) || is_own_checkpoint(folder / name)) return false;
    // Whether a model is one that an earlier run wrote, nobody can tell.
    if (earlier) return is_weights_or_config(name) || name.starts_with("checkpoint-");
    return !owned.has_list() || is_written(name);
  };
  std::vector<std::string> found;
  std::ranges::copy_if(names, std::back_inserter(found), foreign);
  return found;
}

/// Whether `path` is `folder` or lies in it, after links are resolved.
bool is_within(const fs::path& path, const fs::path& folder) {
  const fs::path inner = fs::weakly_canonical(path);
  const fs::path outer = fs::weakly_canonical(folder / "");
  const auto [end, rest] = std::ranges::mismatch(outer, inner);
  return end == outer.end() || end->empty();
}

}  // namespace

void check_output_folder(const TrainJob& job) {
  const fs::path& folder = job.train.output_dir;
  const std::pair<const char*, fs::path> inputs[] = {
      {"base_model", job.base_model}, {"tokenizer_config", job.tokenizer}, {"lora_model_dir", job.adapter.model_dir}};
  for (const auto& [key, path] : inputs) {
    if (path.empty() || !is_within(path, folder)) continue;
    throw ConfigError(
        "output_dir: {}: {} ({}) lies there, and a run replaces what is in its way; set another output_dir",
        folder.string(), key, path.string());
  }
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError("{}: is a file, expected a folder", folder.string());
  const std::vector<std::string> foreign = foreign_names(folder);
  if (foreign.empty()) return;
  throw ConfigError(
      "output_dir: {}: holds {}, which no run of eft wrote and none will replace; set output_dir to a new or an empty "
      "folder, or move what is there",
      folder.string(), words_for_contents(foreign));
}

OutputFolder::OutputFolder(fs::path folder) : folder_(std::move(folder)) {
  with_file_errors([&] {
    fs::path path = fs::absolute(folder_ / "").lexically_normal().parent_path();
    for (; !fs::exists(path) && path.has_relative_path(); path = path.parent_path()) made_.push_back(path);
    fs::create_directories(folder_);
  });
  lock_.emplace(folder_);
}

OutputFolder::~OutputFolder() {
  lock_.reset();
  std::error_code not_empty;
  for (const fs::path& path : made_) fs::remove(path, not_empty);
}

void OutputFolder::require_space(std::int64_t bytes) const {
  std::error_code unknown;
  const fs::space_info space = fs::space(folder_, unknown);
  if (unknown || space.available >= static_cast<std::uintmax_t>(std::max<std::int64_t>(bytes, 0))) return;
  throw FileError(
      "{}: {} are free there, and a checkpoint of this run takes about {}; free some or set another output_dir",
      folder_.string(), format_size(static_cast<std::int64_t>(space.available)), format_size(bytes));
}

std::int64_t checkpoint_bytes(const TrainJob& job, const MemoryFacts& plan) {
  std::int64_t bytes = 0;
  for (const auto& [category, planned] : plan.peak_by_category) {
    const bool kept = category == name_of(Category::optimizer) || category == name_of(Category::adapters) ||
                      (category == name_of(Category::weights) && !job.trains_adapter());
    if (kept) bytes += planned;
  }
  return bytes;
}

void begin_output(const fs::path& folder) {
  with_file_errors([&] { fs::create_directories(folder); });
  remove_leftovers(folder);
  OwnedFolder owned(folder);
  std::vector<std::string> earlier;
  const std::vector<std::string> names = names_in(folder);
  if (!owned.has_list() && is_of_earlier_eft(folder, names)) {
    std::ranges::copy_if(names, std::back_inserter(earlier), [](const std::string& name) {
      return is_written(name) && !is_weights_or_config(name) && !name.starts_with("checkpoint-");
    });
  }
  owned.adopt(earlier);
  owned.claim({kMetrics});
}

}  // namespace eft
