#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace eft {
namespace {

bool wants_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  return (no_colour == nullptr || *no_colour == '\0') && kind != nullptr && std::string_view(kind) != "dumb";
}

Terminal terminal_of(std::FILE* stream) {
  Terminal terminal{.stream = stream, .live = isatty(fileno(stream)) != 0};
  terminal.colours = terminal.live && wants_colours();
  winsize size{};
  if (terminal.live && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0) terminal.columns = size.ws_col;
  return terminal;
}

}  // namespace

Terminal standard_output() { return terminal_of(stdout); }
Terminal standard_error() { return terminal_of(stderr); }

}  // namespace eft
