#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace eft {

/// Where notes for the user go (facts of a run, warnings). Libraries never print; `main` installs a sink.
using LogSink = std::function<void(std::string_view line)>;

/// Replaces the sink and returns the previous one. With none installed, notes are dropped.
LogSink set_log_sink(LogSink sink);

/// Hands one line (without newline) to the sink. Safe from any thread.
void note(std::string_view line);

}  // namespace eft
