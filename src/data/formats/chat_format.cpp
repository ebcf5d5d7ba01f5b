#include "data/formats/chat_format.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "data/chat/lost_parts.h"

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

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

ChatFormat::ChatFormat(const DatasetOptions& dataset, const DataOptions& options, ChatTemplate chat_template,
                       const Tokenizer& tokenizer, const ImageLayout* images)
    : conversation_{dataset, role_names(dataset), options.default_system_message, options.thought_channel,
                    images != nullptr ? images->family : ""},
      chat_template_(std::move(chat_template)),
      tokenizer_(tokenizer),
      kwargs_(Json::parse(options.chat_template_kwargs.text)),
      allows_lost_calls_(std::ranges::find(options.allow_in_rows, Finding::tool_calls) != options.allow_in_rows.end()) {
  rules_.train_on_inputs = options.train_on_inputs;
  if (images != nullptr) {
    images_.emplace(*images, tokenizer);
    rules_.whole_text = options.train_on_inputs;
  }
  rules_.thinking_key = dataset.template_thinking_key;
  rules_.train_thoughts = options.thought_channel != ThoughtChannel::mask;
  if (options.thought_channel && !tokenizer.id_of("<|channel>")) {
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
  const TrainOnEos train_on_eos = dataset.train_on_eos.value_or(TrainOnEos::turn);
  EndTokens turns{{}, dataset.train_on_eot.value_or(train_on_eos)};
  EndTokens text{{}, train_on_eos};
  if (const auto eos = tokenizer_.id_of(tokenizer_.eos_token())) text.ids.insert(*eos);
  for (const std::string& token : options.eot_tokens) turns.ids.insert(single_token(tokenizer_, token));
  if (options.eot_tokens.empty()) {
    if (const auto found = end_of_turn(chat_template_, tokenizer_, kwargs_)) turns.ids.insert(*found);
    if (turns.ids.empty() && turns.train != TrainOnEos::none) {
      warnings_.push_back(fmt::format(
          "{}: the template {} writes no special token behind an answer, so the model does not learn to stop; set "
          "eot_tokens",
          dataset.path, chat_template_.name()));
    }
  }
  const bool shared = std::any_of(text.ids.begin(), text.ids.end(), [&](TokenId id) { return turns.ids.contains(id); });
  if (shared && !dataset.train_on_eos) text.train = turns.train;
  if (shared && turns.train != text.train) {
    throw ConfigError("train_on_eot: differs from train_on_eos, but {} ends turns too; set one of them only",
                      tokenizer_.eos_token());
  }
  rules_.ends = {turns, text};
}

bool ChatFormat::is_trained(const RenderedConversation& rendered, std::size_t turn) const {
  if (const auto weight = rendered.training(turn).weight) return *weight > 0;
  const auto& roles = rules_.roles_to_train;
  return rules_.train_on_inputs || std::ranges::find(roles, rendered.role(turn)) != roles.end();
}

void ChatFormat::look_for_lost_parts(RenderedConversation& rendered, FormattedRow& out) const {
  for (const LostPart& part : find_lost_parts(rendered, rules_.thinking_key)) {
    const std::string content = rendered.property(part.turn, "content").value_or("");
    const bool nothing_left = part.kind == Finding::tool_calls && is_blank(content) && is_trained(rendered, part.turn);
    if (nothing_left && !allows_lost_calls_) {
      throw DataError(
          "message {} has nothing but tool_calls, which the template {} does not print, so that an empty answer would "
          "be "
          "trained; use a template that prints them, or set allow_in_rows: [tool_calls]",
          part.turn + 1, chat_template_.name());
    }
    const auto same = std::ranges::find(out.findings, part.kind, &RowFinding::kind);
    if (same == out.findings.end()) {
      out.findings.push_back({part.kind});
    } else if (part.kind != Finding::tools) {
      ++same->count;
    }
  }
}

std::string ChatFormat::why_unlabelled(const RenderedConversation& rendered) const {
  std::vector<std::string> roles;
  for (std::size_t turn = 0; turn < rendered.turns(); ++turn) {
    if (is_trained(rendered, turn)) return "";
    if (std::ranges::find(roles, rendered.role(turn)) == roles.end()) roles.push_back(rendered.role(turn));
  }
  return fmt::format("no turn has a role of roles_to_train ({}); the row has {}",
                     fmt::join(rules_.roles_to_train, ", "), fmt::join(roles, ", "));
}

std::vector<FoundImage> ChatFormat::find_images(const Json& row, Conversation& conversation, FormattedRow& out) const {
  const ImagePlaces places{.where = out.where,
                           .folder = std::filesystem::path(out.where.substr(0, out.where.rfind(':'))).parent_path(),
                           .further = conversation_.dataset.media_folder,
                           .limits = images_->layout().limits};
  images_->refuse_marks(conversation, out.where);
  return images_->find(row, conversation, places);
}

void ChatFormat::read(const Json& row, FormattedRow& out) const {
  try {
    // The row's columns are used; what messages hold in such columns of theirs is not.
    if (images_) std::erase_if(out.findings, [](const RowFinding& one) { return one.kind == Finding::images; });
    Conversation conversation = to_conversation(row, conversation_, out.where, out.findings);
    std::vector<FoundImage> images;
    if (images_) images = find_images(row, conversation, out);
    RenderedConversation rendered(chat_template_, std::move(conversation), kwargs_);
    if (!images.empty()) images_->expand(rendered, images);
    look_for_lost_parts(rendered, out);
    const std::vector<TokenSpan> tokens = tokenizer_.encode_spans(rendered.text());
    Example example;
    Labels labels = make_labels(rendered, tokens, rules_);
    example.labels = std::move(labels.labels);
    example.weights = std::move(labels.weights);
    example.tokens.reserve(tokens.size());
    for (const TokenSpan& token : tokens) example.tokens.push_back(token.id);
    if (!images.empty()) images_->insert(example, images);
    if (example.label_tokens() == 0) out.unlabelled = why_unlabelled(rendered);
    out.examples.push_back(std::move(example));
  } catch (const DataError& error) {
    const std::string_view message = error.what();
    if (message.starts_with(out.where)) throw;
    throw DataError("{}: {}", out.where, message);
  }
}

}  // namespace eft
