#include "report/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "report/words.h"

namespace eft {
namespace {

constexpr double kSmoothing = 0.1;     // share of the newest step in tokens per second
constexpr double kRecentLoss = 0.3;    // share of the newest step in the loss of few steps
constexpr double kOlderLoss = 0.1;     // and of more
constexpr double kSteadyLoss = 0.005;  // a smaller relative difference of the two is no trend
constexpr std::size_t kWidestBar = 24, kNarrowestBar = 8;
constexpr const char* kClearLine = "\r\x1b[2K";

/// "margin 0.12  accuracy 0.75  ", of preferences: how far apart their rewards are, and how often the right way round.
std::string rewards_of(const MetricValues& extra) {
  std::string text;
  for (const auto& [name, value] : extra) {
    if (name == "rewards/margins") text += fmt::format("margin {:.3g}  ", value);
    if (name == "rewards/accuracies") text += fmt::format("accuracy {:.2f}  ", value);
  }
  return text;
}

void smooth(double& mean, double value, double share) { mean = mean == 0 ? value : mean + share * (value - mean); }

}  // namespace

Progress::Progress(Terminal terminal, std::int64_t first_step, std::int64_t total_steps, std::int64_t logging_steps,
                   std::int64_t steps_per_epoch)
    : terminal_(terminal),
      first_step_(first_step),
      total_steps_(total_steps),
      logging_steps_(logging_steps),
      steps_per_epoch_(steps_per_epoch) {}

void Progress::count(const StepMetrics& m) {
  smooth(tokens_per_second_, static_cast<double>(m.tokens) / std::max(m.seconds, 1e-9), kSmoothing);
  smooth(recent_loss_, m.loss, kRecentLoss);
  smooth(older_loss_, m.loss, kOlderLoss);
  ++course_.steps;
  course_.tokens += m.tokens;
  course_.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  if (!course_.first_loss) course_.first_loss = m.loss;
  course_.last_loss = m.loss;
}

void Progress::add(const StepMetrics& metrics) {
  if (metrics.skipped) return;
  count(metrics);
  if (terminal_.live) {
    live_line_ = bar_of(metrics);
    return draw();
  }
  loss_sum_ += metrics.loss;
  ++loss_count_;
  if (metrics.step % logging_steps_ != 0 && metrics.step != total_steps_ && metrics.step != 1) return;
  StepMetrics mean = metrics;
  mean.loss = loss_sum_ / static_cast<double>(loss_count_);
  loss_sum_ = 0;
  loss_count_ = 0;
  say(line_of(mean));
}

double Progress::seconds_left(std::int64_t step) const {
  const std::chrono::duration<double> spent = Clock::now() - start_;
  const auto done = static_cast<double>(std::max<std::int64_t>(step - first_step_, 1));
  return spent.count() / done * static_cast<double>(total_steps_ - step);
}

std::string Progress::line_of(const StepMetrics& m) const {
  return fmt::format("step {:>{}}/{}  loss {:.4f}  {}grad norm {:.3g}  lr {:.3g}  {:.0f} tokens/s  ETA {}  {}", m.step,
                     std::to_string(total_steps_).size(), total_steps_, m.loss, rewards_of(m.extra), m.grad_norm,
                     m.learning_rate, tokens_per_second_, format_seconds(seconds_left(m.step)), format_size(m.memory));
}

std::string Progress::bar(double share, std::size_t width) const {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(width) + 0.5);
  std::string done, rest;
  for (std::size_t i = 0; i < width; ++i) (i < full ? done : rest) += terminal_.colours ? "━" : (i < full ? "█" : "░");
  return terminal_.paint(done, Paint::green) + terminal_.paint(rest, Paint::dim);
}

std::string Progress::trend() const {
  const double change = recent_loss_ - older_loss_;
  if (change < -kSteadyLoss * older_loss_) return terminal_.paint("↓", Paint::green);
  if (change > kSteadyLoss * older_loss_) return terminal_.paint("↑", Paint::yellow);
  return terminal_.paint("→", Paint::dim);
}

std::string Progress::bar_of(const StepMetrics& m) const {
  const double share = static_cast<double>(m.step) / static_cast<double>(std::max<std::int64_t>(total_steps_, 1));
  std::vector<std::string> parts = {
      fmt::format("{:>3.0f} %", 100 * share), fmt::format("step {}/{}", m.step, total_steps_),
      fmt::format("loss {} {}", terminal_.paint(fmt::format("{:.4f}", m.loss), Paint::bold), trend()),
      fmt::format("ETA {}", format_seconds(seconds_left(m.step))), fmt::format("{:.0f} tokens/s", tokens_per_second_)};
  if (steps_per_epoch_ > 0) {
    parts.push_back(fmt::format("epoch {:.2f}", static_cast<double>(m.step) / static_cast<double>(steps_per_epoch_)));
  }
  parts.push_back(format_size(m.memory));
  if (const std::string rewards = rewards_of(m.extra); !rewards.empty()) {
    parts.insert(parts.begin() + 3, rewards.substr(0, rewards.size() - 2));
  }
  std::string text;
  const std::size_t columns = terminal_.columns > 0 ? terminal_.columns : 80;
  for (const std::string& part : parts) {  // the last ones only where there is room
    if (kNarrowestBar + width_of(text) + 3 + width_of(part) > columns) break;
    text += "  " + part;
  }
  const std::size_t room = columns - std::min(columns, width_of(text) + 1);
  return bar(share, std::clamp(room, kNarrowestBar, kWidestBar)) + text;
}

void Progress::add(const EvalMetrics& m) {
  ++course_.evaluations;
  if (!course_.first_eval_loss) course_.first_eval_loss = m.eval_loss;
  course_.last_eval_loss = m.eval_loss;
  say(fmt::format("step {:>{}}/{}  eval_loss {:.4f}  {}({} label tokens, {})", m.step,
                  std::to_string(total_steps_).size(), total_steps_, m.eval_loss, rewards_of(m.extra),
                  with_thousands(m.label_tokens), format_seconds(m.seconds)));
}

void Progress::say(const std::string& line) {
  if (terminal_.stream == nullptr) return;
  clear();
  std::fprintf(terminal_.stream, "%s\n", line.c_str());
  draw();
}

/// The bar below all lines that stay. One that wraps could not be cleared.
void Progress::draw() {
  if (terminal_.stream == nullptr) return;
  if (!live_line_.empty()) {
    const std::string line = terminal_.columns > 1 ? cut_to(live_line_, terminal_.columns - 1) : live_line_;
    std::fprintf(terminal_.stream, "%s%s", kClearLine, line.c_str());
    drawn_ = true;
  }
  std::fflush(terminal_.stream);
}

void Progress::clear() {
  if (drawn_) std::fputs(kClearLine, terminal_.stream);
  drawn_ = false;
}

void Progress::finish() {
  if (terminal_.stream != nullptr && drawn_) std::fputs("\n", terminal_.stream);
  drawn_ = false;
  live_line_.clear();
}

}  // namespace eft
