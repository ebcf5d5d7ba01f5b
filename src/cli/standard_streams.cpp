#include "cli/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace eft {

void prepare_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // The lowest free number is this one. Results that are printed are missed when nobody takes them: read-only, so
    // that printing fails. Notes are not.
    const bool closed = ::fcntl(stream, F_GETFD) == -1 && errno == EBADF;
    if (closed) (void)::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool output_failed() { return std::ferror(stdout) != 0 || std::ferror(stderr) != 0; }

void require_written_output() {
  const bool before = output_failed();
  const bool flushed = std::fflush(stdout) == 0 && std::fflush(stderr) == 0;
  if (!before && flushed) return;
  throw FileError("standard output: cannot be written: {}",
                  before ? "the disk is full, or who reads it is gone" : std::strerror(errno));
}

}  // namespace eft
