#include "report/metrics_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

/// The lines of an earlier run that stay: those of steps up to `last`.
std::string kept_lines(const std::filesystem::path& path, std::int64_t last) {
  std::string kept;
  if (last == 0 || !std::filesystem::exists(path)) return kept;
  std::istringstream lines(read_text(path));
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    if (object.is_object() && object.value("step", last + 1) <= last) kept += line + "\n";
  }
  return kept;
}

}  // namespace

MetricsFile::MetricsFile(std::filesystem::path path, std::int64_t keep_until) : path_(std::move(path)) {
  write_text(path_, kept_lines(path_, keep_until));
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor_ < 0) throw FileError("{}: cannot open: {}", path_.string(), std::strerror(errno));
}

MetricsFile::~MetricsFile() { ::close(descriptor_); }

void MetricsFile::write(const std::string& lines) {
  pending_ += lines;
  while (!pending_.empty()) {
    const ssize_t written = ::write(descriptor_, pending_.data(), pending_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw FileError("{}: cannot write: {}", path_.string(), std::strerror(errno));
    pending_.erase(0, static_cast<std::size_t>(written));
  }
}

}  // namespace eft
