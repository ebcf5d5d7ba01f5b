#include "base/cache_folder.h"

#include <cstdlib>
#include <string_view>

namespace eft {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

std::filesystem::path user_cache_folder() {
  const std::filesystem::path chosen = variable("XDG_CACHE_HOME"), home = variable("HOME");
  if (!chosen.empty() || home.empty()) return chosen;
  return home / ".cache";
}

}  // namespace eft
