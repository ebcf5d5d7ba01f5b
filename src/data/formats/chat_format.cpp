#include "data/formats/chat_format.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "data/chat/thinking.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

TokenId single_token(const Tokenizer& tokenizer, const std::string& text) {
  const std::vector<TokenId> ids = tokenizer.encode(text);
  if (ids.size() != 1) {
    throw ConfigError("eot_tokens: '{}' is {} tokens of this tokenizer, expected one", text, ids.size());
  }
  return ids[0];
}

/// Whether `part` stands in `text`, perhaps trimmed.
bool is_printed(std::string_view part, std::string_view text) {
  constexpr const char* kSpace = " \t\r\n";
  const auto begin = part.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return true;
  return text.find(part.substr(begin, part.find_last_not_of(kSpace) + 1 - begin)) != std::string_view::npos;
}

}  // namespace

ChatFormat::ChatFormat(const DatasetOptions& dataset, const DataOptions& options, ChatTemplate chat_template,
                       const Tokenizer& tokenizer)
    : conversation_{dataset, role_names(dataset), options.default_system_message, options.thought_channel},
      chat_template_(std::move(chat_template)),
      tokenizer_(tokenizer),
      has_thought_channel_(tokenizer.id_of("<|channel>").has_value()),
      kwargs_(Json::parse(options.chat_template_kwargs.text)) {
  rules_.train_on_inputs = options.train_on_inputs;
  rules_.thinking_key = dataset.template_thinking_key;
  rules_.train_thoughts = options.thought_channel != ThoughtChannel::mask;
  if (options.thought_channel && !has_thought_channel_) {
    throw ConfigError("thought_channel: the tokenizer has no <|channel>, as Gemma 4's has; remove the key");
  }
  for (const std::string& role : dataset.roles_to_train) {
    const auto found = conversation_.roles.find(role);
    rules_.roles_to_train.push_back(found == conversation_.roles.end() ? role : found->second);
  }
  choose_end_tokens(options);
}

void ChatFormat::choose_end_tokens(const DataOptions& options) {
  const DatasetOptions& dataset = conversation_.dataset;
  const TrainOnEos train_on_eot = dataset.train_on_eot.value_or(dataset.train_on_eos);
  EndTokens turns{{}, train_on_eot};
  EndTokens text{{}, dataset.train_on_eos};
  if (const auto eos = tokenizer_.id_of(tokenizer_.eos_token())) text.ids.insert(*eos);
  for (const std::string& token : options.eot_tokens) turns.ids.insert(single_token(tokenizer_, token));
  if (options.eot_tokens.empty()) {
    if (const auto found = end_of_turn(chat_template_, tokenizer_, kwargs_)) turns.ids.insert(*found);
    if (turns.ids.empty() && train_on_eot != TrainOnEos::none) {
      warnings_.push_back(fmt::format(
          "{}: the template {} writes no special token behind an answer, so the model does not learn to stop; set "
          "eot_tokens",
          dataset.path, chat_template_.name()));
    }
  }
  const bool shared = std::any_of(text.ids.begin(), text.ids.end(), [&](TokenId id) { return turns.ids.contains(id); });
  if (shared && turns.train != text.train) {
    throw ConfigError("train_on_eot: differs from train_on_eos, but {} ends turns too; set one of them only",
                      tokenizer_.eos_token());
  }
  rules_.ends = {turns, text};
}

void ChatFormat::look_for_reasoning(const RenderedConversation& rendered) const {
  if (conversation_.thought_channel) return;
  for (std::size_t turn = 0; turn < rendered.turns(); ++turn) {
    if (rendered.role(turn) != "assistant") continue;
    std::optional<std::string> reasoning = rendered.property(turn, rules_.thinking_key);
    for (const char* name : kReasoningNames) {
      if (!reasoning) reasoning = rendered.property(turn, name);
    }
    if (reasoning && !is_printed(*reasoning, rendered.text())) ++lost_reasoning_;
  }
}

std::vector<std::string> ChatFormat::warnings() const {
  std::vector<std::string> warnings = warnings_;
  if (const std::int64_t lost = lost_reasoning_; lost > 0) {
    warnings.push_back(fmt::format("{}: the template {} leaves the reasoning of {} out{}", conversation_.dataset.path,
                                   chat_template_.name(), lost == 1 ? "1 answer" : fmt::format("{} answers", lost),
                                   has_thought_channel_ ? "; set thought_channel to train, mask or strip" : ""));
  }
  return warnings;
}

std::vector<Example> ChatFormat::examples(const RawRow& row) const {
  try {
    RenderedConversation rendered(chat_template_, to_conversation(parse_row(row), conversation_, row.where), kwargs_);
    look_for_reasoning(rendered);
    const std::vector<TokenSpan> tokens = tokenizer_.encode_spans(rendered.text());
    Example example;
    example.source = row.where;
    Labels labels = make_labels(rendered, tokens, rules_);
    example.labels = std::move(labels.labels);
    example.weights = std::move(labels.weights);
    example.tokens.reserve(tokens.size());
    for (const TokenSpan& token : tokens) example.tokens.push_back(token.id);
    return {example};
  } catch (const DataError& error) {
    const std::string_view message = error.what();
    if (message.starts_with(row.where)) throw;
    throw DataError("{}: {}", row.where, message);
  }
}

}  // namespace eft
