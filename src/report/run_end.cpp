#include "report/run_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "report/page.h"
#include "report/words.h"

namespace eft {
namespace {

std::string change(const char* name, double first, double last) {
  return fmt::format("{} {:.4f} → {:.4f}", name, first, last);
}

std::string losses(const RunCourse& course) {
  std::string text;
  if (course.first_loss) text = change("of a step", *course.first_loss, *course.last_loss);
  if (!course.first_eval_loss) return text;
  if (!text.empty()) text += ";  ";
  if (course.evaluations == 1) return text + fmt::format("of the evaluation {:.4f}", *course.last_eval_loss);
  return text + change("of the evaluation", *course.first_eval_loss, *course.last_eval_loss);
}

std::string amount(const RunCourse& course) {
  const double speed = static_cast<double>(course.tokens) / std::max(course.seconds, 1e-9);
  return fmt::format("{} of {} in {}, {:.0f} tokens/s", counted(course.steps, "step"), counted(course.tokens, "token"),
                     format_seconds(course.seconds), speed);
}

void add_next(Page& page, const RunEndFacts& facts) {
  const std::string out = shell_word(facts.output_dir);
  if (!facts.finished) return page.add("next", "the same command with --set resume_from_checkpoint=true", Paint::bold);
  if (!facts.adapter) return page.add("next", fmt::format("eft inference {} --chat", out), Paint::bold);
  const std::string base = shell_word(facts.base_model);
  page.add("next", fmt::format("eft inference {} --adapter {} --chat", base, out), Paint::bold);
  page.add("", fmt::format("eft merge-lora {} {} --adapter {}", base, shell_word(facts.output_dir + "-merged"), out),
           Paint::bold);
}

}  // namespace

std::string shell_word(const std::string& text) {
  const auto is_plain = [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_./+@%:=,").find(static_cast<char>(c)) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

std::string to_text(const RunEndFacts& facts, bool colours) {
  Page page(colours);
  page.add(facts.finished ? "done" : "stopped", amount(facts.course), facts.finished ? Paint::green : Paint::yellow);
  const std::string loss = losses(facts.course);
  if (!loss.empty()) page.add("loss", loss);
  page.add("memory", fmt::format("peak memory of a step {}, planned {}; of the process {}, planned {}",
                                 format_size(facts.peak), format_size(facts.planned.peak),
                                 format_size(facts.peak_process), format_size(facts.planned.resident())));
  const char* what = facts.adapter ? "adapter" : "model";
  page.add("output", facts.finished ? fmt::format("{} and metrics.jsonl in {}", what, facts.output_dir)
                                    : fmt::format("checkpoint and metrics.jsonl in {}", facts.output_dir));
  add_next(page, facts);
  return page.text();
}

}  // namespace eft
