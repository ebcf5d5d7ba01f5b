#include "report/metrics.h"

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

std::string to_json(const StepMetrics& m) {
  return nlohmann::ordered_json{{"step", m.step},           {"loss", m.loss},
                                {"grad_norm", m.grad_norm}, {"learning_rate", m.learning_rate},
                                {"tokens", m.tokens},       {"label_tokens", m.label_tokens},
                                {"seconds", m.seconds},     {"memory", m.memory}}
      .dump();
}

std::string to_json(const EvalMetrics& m) {
  return nlohmann::ordered_json{{"step", m.step},
                                {"eval_loss", m.eval_loss},
                                {"tokens", m.tokens},
                                {"label_tokens", m.label_tokens},
                                {"seconds", m.seconds}}
      .dump();
}

MetricsFile::MetricsFile(std::filesystem::path path, std::int64_t keep_until) : path_(std::move(path)) {
  write_text(path_, kept_lines(path_, keep_until));
  file_.reset(std::fopen(path_.c_str(), "ae"));
  if (!file_) throw FileError("{}: cannot open: {}", path_.string(), std::strerror(errno));
}

void MetricsFile::write(const std::string& line) {
  const bool written = std::fputs((line + "\n").c_str(), file_.get()) >= 0 && std::fflush(file_.get()) == 0;
  if (!written) throw FileError("{}: cannot write: {}", path_.string(), std::strerror(errno));
}

}  // namespace eft
