#include "cli/run_signals.h"

#include <signal.h>
#include <unistd.h>

#include <array>

namespace eft {
namespace {

struct StopSignal {
  int number;
  const char* name;
};
constexpr std::array kStopSignals = {StopSignal{SIGINT, "SIGINT"}, StopSignal{SIGTERM, "SIGTERM"},
                                     StopSignal{SIGHUP, "SIGHUP"}, StopSignal{SIGPIPE, "SIGPIPE"},
                                     StopSignal{SIGXFSZ, "SIGXFSZ"}};

volatile sig_atomic_t stop_signal = 0;
volatile sig_atomic_t save_signal = 0;

extern "C" void ask_to_stop(int signal, siginfo_t* info, void* /*context*/) {
  // A write of our own that failed: whoever wrote hears of it, and the options say what follows.
  const bool from_a_write = (signal == SIGPIPE || signal == SIGXFSZ) && info->si_pid == ::getpid();
  if (from_a_write) return;
  if (stop_signal != 0) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
  stop_signal = signal;
}

extern "C" void ask_to_save(int /*signal*/) { save_signal = 1; }

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && (action.sa_flags & SA_SIGINFO) == 0 &&
         action.sa_handler == SIG_IGN;
}

}  // namespace

void listen_for_save() { ::signal(SIGUSR1, ask_to_save); }

void listen_for_stop() {
  struct sigaction action {};
  action.sa_sigaction = ask_to_stop;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  for (const StopSignal& signal : kStopSignals) {
    if (signal.number == SIGHUP && is_ignored(SIGHUP)) continue;
    ::sigaction(signal.number, &action, nullptr);
  }
}

const char* stop_was_asked() {
  for (const StopSignal& signal : kStopSignals) {
    if (signal.number == stop_signal) return signal.name;
  }
  return nullptr;
}

bool save_was_asked() {
  const bool asked = save_signal != 0;
  save_signal = 0;
  return asked;
}

}  // namespace eft
