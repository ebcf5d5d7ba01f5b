#include "base/mapping_faults.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>

namespace eft {
namespace {

/// A signal handler may read nothing but memory that is there for good, hence a table of fixed size. A mapping beyond
/// it is not explained.
struct Mapping {
  std::atomic<const char*> begin{nullptr};  // null: free
  std::atomic<const char*> end{nullptr};
  std::atomic<const char*> path{nullptr};
};
constinit std::array<Mapping, 1024> mappings;

/// Taken and not yet complete.
const char* const kTaken = reinterpret_cast<const char*>(1);

const char* path_at(const char* address) {
  for (const Mapping& mapping : mappings) {
    const char* begin = mapping.begin;
    if (begin != nullptr && begin != kTaken && begin <= address && address < mapping.end) return mapping.path;
  }
  return nullptr;
}

void say(const char* text) {
  const ssize_t ignored = ::write(STDERR_FILENO, text, std::strlen(text));  // nobody is left to tell
  (void)ignored;
}

extern "C" void explain_lost_mapping(int signal, siginfo_t* info, void* /*context*/) {
  const char* path = path_at(static_cast<const char*>(info->si_addr));
  if (path == nullptr) {
    ::signal(signal, SIG_DFL);  // the instruction runs again and ends the process as usual
    return;
  }
  say("eft: ");
  say(path);
  say(": cannot be read any more, it was cut short or replaced in place while in use, or its disk fails; restore it "
      "and "
      "start again, the checkpoints written so far stand\n");
  constexpr int kFileError = 4;
  ::_exit(kFileError);
}

}  // namespace

void remember_mapping(const void* data, std::size_t size, const char* path) {
  const char* begin = static_cast<const char*>(data);
  for (Mapping& mapping : mappings) {
    const char* expected = nullptr;
    if (!mapping.begin.compare_exchange_strong(expected, kTaken)) continue;
    mapping.end = begin + size;
    mapping.path = path;
    mapping.begin = begin;
    return;
  }
}

void forget_mapping(const void* data) {
  for (Mapping& mapping : mappings) {
    const char* expected = static_cast<const char*>(data);
    if (mapping.begin.compare_exchange_strong(expected, nullptr)) return;
  }
}

void explain_lost_mappings() {
  struct sigaction action {};
  action.sa_sigaction = explain_lost_mapping;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace eft
