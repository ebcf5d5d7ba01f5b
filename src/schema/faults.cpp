#include "schema/faults.h"

#include <algorithm>
#include <tuple>

namespace eft {
namespace {

std::string line_of(const Fault& fault) { return fmt::format("{} {}: {}", fault.origin, fault.path, fault.what); }

std::string text_of(const std::vector<Fault>& faults) {
  if (faults.size() == 1) return line_of(faults[0]);
  std::string text = fmt::format("{} things are wrong with the configuration:", faults.size());
  for (const Fault& fault : faults) text += "\n  " + line_of(fault);
  return text;
}

/// "datasets[0].path" → "path", "lora_target_modules[1]" → "lora_target_modules".
std::string_view last_key(std::string_view path) {
  path = path.substr(path.rfind('.') + 1);
  return path.substr(0, path.find('['));
}

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool has_key(std::string_view text, std::string_view key) {
  if (key.empty()) return false;
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const std::size_t end = at + key.size();
    const bool begins = at == 0 || !is_key_character(text[at - 1]);
    if (begins && (end == text.size() || !is_key_character(text[end]))) return true;
  }
  return false;
}

}  // namespace

Refused::Refused(std::vector<Fault> faults) : ConfigError("{}", text_of(faults)), faults_(std::move(faults)) {}

bool Faults::concern(std::string_view text) const {
  return std::ranges::any_of(faults_, [text](const Fault& fault) {
    return has_key(text, last_key(fault.path)) || has_key(text, fault.meant);
  });
}

void Faults::raise() const {
  if (faults_.empty()) return;
  std::vector<Fault> sorted = faults_;
  // Of two numbers of lines the longer is the larger.
  std::ranges::stable_sort(sorted, {}, [](const Fault& f) { return std::tuple(f.origin.size(), f.origin); });
  throw Refused(std::move(sorted));
}

}  // namespace eft
