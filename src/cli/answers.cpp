#include "cli/answers.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/standard_streams.h"
#include "cli/terminal.h"

namespace eft {
namespace {

std::string why_it_ended(const Reply& answer, const Tokenizer& tokenizer) {
  switch (answer.generated.finish) {
    case Finish::stop_token:
      return "ended with " + tokenizer.piece_of(*answer.generated.stop_token);
    case Finish::length:
      return "cut off by --max-new-tokens";
    case Finish::context:
      return "cut off: the model reads no more tokens";
    case Finish::caller:
      break;
  }
  return "interrupted";
}

std::string json_of(const Reply& answer, const Prompt& prompt, const Session& session) {
  const nlohmann::ordered_json object{{"text", answer.text},
                                      {"tokens", answer.generated.tokens},
                                      {"prompt_tokens", prompt.tokens},
                                      {"ended", why_it_ended(answer, session.tokenizer())},
                                      {"prompt_computed", answer.generated.prompt_computed},
                                      {"prompt_seconds", answer.prompt_seconds},
                                      {"tokens_per_second", answer.tokens_per_second()},
                                      {"memory", session.peak_memory()}};
  return object.dump();
}

}  // namespace

Reply AnswerPrinter::print(Session& session, const Prompt& prompt, const std::function<bool()>& stopped) const {
  const Reply answer = session.answer(prompt, [&](std::string_view text) {
    if (!json_ && !text.empty()) {
      std::fwrite(text.data(), 1, text.size(), stdout);
      std::fflush(stdout);
    }
    return !output_failed() && (!stopped || !stopped());
  });
  std::printf("%s\n", json_ ? json_of(answer, prompt, session).c_str() : "");
  std::fflush(stdout);
  require_written_output();
  return answer;
}

void AnswerPrinter::print_summary(const Session& session, const Reply& answer) const {
  const std::string line =
      fmt::format("{} tokens read in {:.2f} s, {} written at {:.1f} tokens/s, {}", answer.generated.prompt_computed,
                  answer.prompt_seconds, answer.generated.tokens.size(), answer.tokens_per_second(),
                  why_it_ended(answer, session.tokenizer()));
  std::fprintf(stderr, "%s\n", standard_error().paint(line, Paint::dim).c_str());
}

}  // namespace eft
