#include "base/log.h"

#include <mutex>
#include <utility>

namespace eft {
namespace {

std::mutex sink_mutex;
LogSink current_sink;

}  // namespace

LogSink set_log_sink(LogSink sink) {
  const std::lock_guard lock(sink_mutex);
  return std::exchange(current_sink, std::move(sink));
}

void note(std::string_view line) {
  const std::lock_guard lock(sink_mutex);
  if (current_sink) current_sink(line);
}

}  // namespace eft
