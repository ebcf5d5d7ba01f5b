#include "train/checkpoints/save.h"

#include "base/file.h"
#include "base/owned_folder.h"
#include "base/regex.h"
#include "base/tokenizer_files.h"
#include "models/adapter.h"
#include "train/checkpoints/staged_folder.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// Weights of an earlier result of eft that the new one, still in `fresh`, will not overwrite.
std::vector<fs::path> stale_weights(const fs::path& folder, const fs::path& fresh) {
  const OwnedFolder owned(folder);
  const Regex weights(R"(model(-\d+-of-\d+)?\.safetensors(\.index\.json)?|adapter_(model\.safetensors|config\.json))",
                      folder.string());
  std::vector<fs::path> stale;
  if (!fs::exists(folder)) return stale;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (owned.owns(name) && weights.matches(name) && !fs::exists(fresh / name)) stale.push_back(entry.path());
  }
  return stale;
}

}  // namespace

void write_weights(const TrainJob& job, const OpenedModel& opened, const fs::path& folder) {
  with_file_errors([&] {
    if (job.trains_adapter()) {
      save_adapter(*opened.model, job.adapter, job.model_name(), folder);
    } else {
      save_model(opened, folder);
    }
    copy_tokenizer_files(job.tokenizer, folder);
    if (!job.chat_template.empty()) write_text(folder / "chat_template.jinja", job.chat_template);
  });
}

void save_result(const TrainJob& job, const OpenedModel& opened) {
  StagedFolder staged(job.train.output_dir / "result");
  write_weights(job, opened, staged.path());
  const std::vector<fs::path> stale = stale_weights(job.train.output_dir, staged.path());
  OwnedFolder(job.train.output_dir).claim(names_in(staged.path()));
  staged.commit_files_into(job.train.output_dir);
  with_file_errors([&] {
    for (const fs::path& path : stale) fs::remove(path);
  });
}

}  // namespace eft
