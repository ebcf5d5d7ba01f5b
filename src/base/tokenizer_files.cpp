#include "base/tokenizer_files.h"

#include "base/copy_file.h"

namespace eft {

namespace fs = std::filesystem;

void copy_tokenizer_files(const fs::path& from, const fs::path& to) {
  if (fs::exists(from / "chat_template.jinja")) {
    fs::remove(to / kProcessorTemplate);
    fs::remove_all(to / kTemplateFolder);
  }
  for (const char* name : kTokenizerFiles) {
    if (fs::exists(from / name)) copy_atomically(from / name, to / name);
  }
}

void copy_template_folder(const fs::path& from, const fs::path& to) {
  if (!fs::is_directory(from / kTemplateFolder)) return;
  fs::create_directories(to / kTemplateFolder);
  for (const auto& entry : fs::directory_iterator(from / kTemplateFolder)) {
    if (entry.path().extension() != ".jinja") continue;
    copy_atomically(entry.path(), to / kTemplateFolder / entry.path().filename());
  }
}

}  // namespace eft
