#include "report/progress.h"

#include <fmt/format.h>

#include "report/words.h"

namespace eft {
namespace {

constexpr double kSmoothing = 0.1;  // share of the newest step in tokens per second
constexpr const char* kClearLine = "\r\x1b[2K";

}  // namespace

Progress::Progress(Terminal terminal, std::int64_t first_step, std::int64_t total_steps, std::int64_t logging_steps)
    : terminal_(terminal), first_step_(first_step), total_steps_(total_steps), logging_steps_(logging_steps) {}

void Progress::add(const StepMetrics& metrics) {
  if (metrics.skipped) return;
  const double speed = static_cast<double>(metrics.tokens) / std::max(metrics.seconds, 1e-9);
  tokens_per_second_ = tokens_per_second_ == 0 ? speed : tokens_per_second_ + kSmoothing * (speed - tokens_per_second_);
  loss_sum_ += metrics.loss;
  ++loss_count_;
  const bool stays = metrics.step % logging_steps_ == 0 || metrics.step == total_steps_ || metrics.step == 1;
  if (stays) {
    StepMetrics mean = metrics;
    mean.loss = loss_sum_ / static_cast<double>(loss_count_);
    loss_sum_ = 0;
    loss_count_ = 0;
    say(line_of(mean));
  } else if (terminal_.live) {
    rewrite(line_of(metrics));
  }
}

std::string Progress::line_of(const StepMetrics& m) const {
  const std::chrono::duration<double> spent = Clock::now() - start_;
  const std::int64_t done = m.step - first_step_;
  const double left =
      spent.count() / static_cast<double>(std::max<std::int64_t>(done, 1)) * static_cast<double>(total_steps_ - m.step);
  return fmt::format("step {:>{}}/{}  loss {:.4f}  grad norm {:.3g}  lr {:.3g}  {:.0f} tokens/s  ETA {}  {}", m.step,
                     std::to_string(total_steps_).size(), total_steps_, m.loss, m.grad_norm, m.learning_rate,
                     tokens_per_second_, format_seconds(left), format_size(m.memory));
}

void Progress::add(const EvalMetrics& m) {
  say(fmt::format("step {:>{}}/{}  eval_loss {:.4f}  ({} label tokens, {})", m.step,
                  std::to_string(total_steps_).size(), total_steps_, m.eval_loss, with_thousands(m.label_tokens),
                  format_seconds(m.seconds)));
}

void Progress::say(const std::string& line) {
  if (terminal_.stream == nullptr) return;
  clear();
  std::fprintf(terminal_.stream, "%s\n", line.c_str());
  std::fflush(terminal_.stream);
}

void Progress::rewrite(const std::string& line) {
  if (terminal_.stream == nullptr) return;
  live_line_ =
      terminal_.columns > 1 ? line.substr(0, terminal_.columns - 1) : line;  // one that wraps cannot be cleared
  std::fprintf(terminal_.stream, "%s%s", kClearLine, live_line_.c_str());
  std::fflush(terminal_.stream);
}

void Progress::clear() {
  if (!live_line_.empty()) std::fputs(kClearLine, terminal_.stream);
  live_line_.clear();
}

void Progress::finish() {
  if (terminal_.stream == nullptr || live_line_.empty()) return;
  std::fputs("\n", terminal_.stream);
  live_line_.clear();
}

}  // namespace eft
