#include "data/chat_format.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

/// Tokens between a turn and the token that ends it, for instance a line break.
constexpr std::size_t kEndDistance = 3;

/// Tokens [begin, end) of an example.
struct TokenRange {
  std::size_t begin;
  std::size_t end;
};

/// The tokens that hold a byte of `span`.
TokenRange tokens_of(const std::vector<TokenSpan>& tokens, ByteSpan span) {
  const auto begin = std::upper_bound(tokens.begin(), tokens.end(), span.begin,
                                      [](std::size_t at, const TokenSpan& token) { return at < token.end; });
  const auto end = std::lower_bound(begin, tokens.end(), span.end,
                                    [](const TokenSpan& token, std::size_t at) { return token.begin < at; });
  return {static_cast<std::size_t>(begin - tokens.begin()), static_cast<std::size_t>(end - tokens.begin())};
}

TokenId single_token(const Tokenizer& tokenizer, const std::string& text) {
  const std::vector<TokenId> ids = tokenizer.encode(text);
  if (ids.size() != 1) {
    throw ConfigError("eot_tokens: '{}' is {} tokens of this tokenizer, expected one", text, ids.size());
  }
  return ids[0];
}

}  // namespace

ChatFormat::ChatFormat(const DatasetOptions& dataset, const DataOptions& options, ChatTemplate chat_template,
                       const Tokenizer& tokenizer)
    : dataset_(dataset),
      options_(options),
      chat_template_(std::move(chat_template)),
      tokenizer_(tokenizer),
      kwargs_(Json::parse(options.chat_template_kwargs.text)) {
  for (std::string& role : dataset_.roles_to_train) role = openai_role(role);
  choose_end_tokens(options);
}

void ChatFormat::choose_end_tokens(const DataOptions& options) {
  const TrainOnEos train_on_eot = dataset_.train_on_eot.value_or(dataset_.train_on_eos);
  EndTokens turns{{}, train_on_eot};
  EndTokens text{{}, dataset_.train_on_eos};
  if (const auto eos = tokenizer_.id_of(tokenizer_.eos_token())) text.ids.insert(*eos);
  for (const std::string& token : options.eot_tokens) turns.ids.insert(single_token(tokenizer_, token));
  if (options.eot_tokens.empty()) {
    if (const auto found = end_of_turn(chat_template_, tokenizer_, kwargs_)) turns.ids.insert(*found);
    if (turns.ids.empty() && train_on_eot != TrainOnEos::none) {
      warnings_.push_back(fmt::format(
          "{}: the template {} writes no special token behind an answer, so the model does not learn to stop; set "
          "eot_tokens",
          dataset_.path, chat_template_.name()));
    }
  }
  const bool shared = std::any_of(text.ids.begin(), text.ids.end(), [&](TokenId id) { return turns.ids.contains(id); });
  if (shared && turns.train != text.train) {
    throw ConfigError("train_on_eot: differs from train_on_eos, but {} ends turns too; set one of them only",
                      tokenizer_.eos_token());
  }
  ends_ = {turns, text};
}

bool ChatFormat::trains(const std::string& role) const {
  if (options_.train_on_inputs) return true;
  return std::find(dataset_.roles_to_train.begin(), dataset_.roles_to_train.end(), role) !=
         dataset_.roles_to_train.end();
}

std::vector<std::int32_t> ChatFormat::labels(RenderedConversation& rendered,
                                             const std::vector<TokenSpan>& tokens) const {
  std::vector<std::int32_t> labels(tokens.size(), kIgnoreLabel);
  const auto train = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) labels[i] = tokens[i].id;
  };
  const bool all_ends =
      std::any_of(ends_.begin(), ends_.end(), [](const auto& e) { return e.train == TrainOnEos::all; });
  std::array<std::optional<std::size_t>, 2> last;
  for (std::size_t turn = 0; turn < rendered.turns(); ++turn) {
    const bool trained = trains(rendered.role(turn));
    if (!trained && !all_ends) continue;
    std::size_t turn_end = 0;
    for (const ByteSpan& span : rendered.find(turn)) {
      const TokenRange range = tokens_of(tokens, span);
      if (range.end <= range.begin) continue;
      if (trained) train(range.begin, range.end);
      turn_end = range.end;
    }
    if (turn_end == 0) continue;
    for (std::size_t kind = 0; kind < ends_.size(); ++kind) {
      const EndTokens& end = ends_[kind];
      const std::size_t limit = std::min(turn_end + kEndDistance + 1, tokens.size());
      std::size_t at = turn_end;
      while (at < limit && !end.ids.contains(tokens[at].id)) ++at;
      if (at == limit) continue;
      last[kind] = at;
      if (end.train == TrainOnEos::all || (end.train == TrainOnEos::turn && trained)) train(at, at + 1);
    }
  }
  for (std::size_t kind = 0; kind < ends_.size(); ++kind) {
    if (ends_[kind].train == TrainOnEos::last && last[kind]) train(*last[kind], *last[kind] + 1);
  }
  return labels;
}

std::vector<Example> ChatFormat::examples(const RawRow& row) const {
  try {
    RenderedConversation rendered(chat_template_, to_conversation(parse_row(row), dataset_, options_, row.where),
                                  kwargs_);
    const std::vector<TokenSpan> tokens = tokenizer_.encode_spans(rendered.text());
    Example example;
    example.source = row.where;
    example.labels = labels(rendered, tokens);
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
