#include "base/process.h"

#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <fstream>
#include <sstream>

namespace eft {
namespace {

constexpr const char* kStatus = "/proc/self/status";

/// The single number in a file, or 0 ("max", for one).
std::int64_t number_in(const char* path) {
  std::int64_t value = 0;
  std::ifstream(path) >> value;
  return value;
}

}  // namespace

std::int64_t bytes_of_line(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key + ":")) continue;
    std::int64_t kilobytes = 0;
    std::istringstream(line.substr(key.size() + 1)) >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

std::int64_t resident_memory() { return bytes_of_line(kStatus, "VmRSS"); }

std::int64_t peak_resident_memory() { return bytes_of_line(kStatus, "VmHWM"); }

std::int64_t available_memory() {
  const std::int64_t free = bytes_of_line("/proc/meminfo", "MemAvailable");
  const std::int64_t limit = number_in("/sys/fs/cgroup/memory.max");
  if (limit == 0) return free;
  const std::int64_t left = std::max<std::int64_t>(limit - number_in("/sys/fs/cgroup/memory.current"), 0);
  return free == 0 ? left : std::min(free, left);
}

void give_back_heap() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
}

double process_seconds() {
  constexpr int kStart = 20;  // of the fields behind the name, which may hold blanks: the start in ticks since boot
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
  std::string field;
  for (int i = 0; i < kStart && fields >> field; ++i) {
  }
  double uptime = 0;
  std::ifstream("/proc/uptime") >> uptime;
  double ticks = 0;
  std::istringstream(field) >> ticks;
  return ticks > 0 ? uptime - ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)) : 0;
}

}  // namespace eft
