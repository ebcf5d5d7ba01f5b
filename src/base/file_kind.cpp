#include "base/file_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace eft {
namespace {

bool begins_as_html(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return false;
  std::string head(text.substr(begin, 14));
  std::ranges::transform(head, head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return head.starts_with("<!doctype html") || head.starts_with("<html") || head.starts_with("<head");
}

}  // namespace

std::string known_impostor(std::string_view text) {
  if (text.starts_with("version https://git-lfs.github.com/")) {
    return "a Git LFS pointer, not the file itself; run `git lfs pull` in its folder, or `hf download`";
  }
  if (begins_as_html(text)) {
    return "a web page, not the file itself; the download needs a login, perhaps: accept the model's terms, then `hf "
           "auth "
           "login` and `hf download`";
  }
  if (text.starts_with("GGUF")) return fmt::format("a GGUF file, which is not supported yet; {}", kSafetensorsInstead);
  const bool pickle = text.size() > 1 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5;
  if (text.starts_with("PK\x03\x04") || pickle) {
    return "a file of torch.save, which can run code when it is read; convert it to safetensors: load the model with "
           "Transformers and call save_pretrained";
  }
  if (text.starts_with("\x1f\x8b")) return "packed with gzip; unpack it";
  return "";
}

}  // namespace eft
