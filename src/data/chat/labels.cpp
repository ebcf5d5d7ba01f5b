#include "data/chat/labels.h"

#include <algorithm>
#include <optional>

#include "data/store/example.h"
#include "data/chat/thinking.h"

namespace eft {
namespace {

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

/// Labels in the making.
class Labeller {
 public:
  Labeller(RenderedConversation& rendered, const std::vector<TokenSpan>& tokens, const LabelRules& rules)
      : rendered_(rendered),
        tokens_(tokens),
        rules_(rules),
        labels_(tokens.size(), kIgnoreLabel),
        weights_(tokens.size(), 0) {}

  Labels run() {
    for (std::size_t turn = 0; turn < rendered_.turns(); ++turn) label_turn(turn);
    for (std::size_t kind = 0; kind < rules_.ends.size(); ++kind) {
      if (rules_.ends[kind].train == TrainOnEos::last && last_[kind]) train(last_[kind]->token, last_[kind]->weight);
    }
    if (rules_.whole_text) train_frame();
    const bool plain = std::ranges::all_of(weights_, [](float weight) { return weight == 0 || weight == 1; });
    if (plain) weights_.clear();
    return {std::move(labels_), std::move(weights_)};
  }

 private:
  /// The token that ends a turn, with the weight of that turn.
  struct End {
    std::size_t token;
    float weight;
  };

  void train(std::size_t token, float weight) {
    if (weight <= 0) return;
    labels_[token] = tokens_[token].id;
    weights_[token] = std::max(weights_[token], weight);
  }

  TokenRange train(ByteSpan span, float weight) {
    const TokenRange range = tokens_of(tokens_, span);
    for (std::size_t i = range.begin; i < range.end; ++i) train(i, weight);
    return range;
  }

  /// What the loss of a turn weighs, 0 when it bears none.
  float weight_of(std::size_t turn) const {
    const TurnTraining& told = rendered_.training(turn);
    if (told.weight) return *told.weight;
    if (!told.content.empty() || !told.reasoning.empty() || rules_.train_on_inputs) return 1;
    const auto& roles = rules_.roles_to_train;
    return std::find(roles.begin(), roles.end(), rendered_.role(turn)) != roles.end() ? 1 : 0;
  }

  /// Everything that no turn has said.
  void train_frame() {
    std::vector<bool> said(tokens_.size());
    for (std::size_t turn = 0; turn < rendered_.turns(); ++turn) {
      std::vector<ByteSpan> spans = rendered_.find(turn);
      spans.push_back(rendered_.thought(turn));
      for (const ByteSpan& span : spans) {
        const TokenRange range = tokens_of(tokens_, span);
        for (std::size_t i = range.begin; i < range.end; ++i) said[i] = true;
      }
    }
    for (std::size_t i = 0; i < said.size(); ++i) {
      if (!said[i]) train(i, 1);
    }
  }

  void label_turn(std::size_t turn) {
    const float weight = weight_of(turn);
    const auto is_all = [](const EndTokens& end) { return end.train == TrainOnEos::all; };
    if (weight <= 0 && std::none_of(rules_.ends.begin(), rules_.ends.end(), is_all)) return;
    const TurnTraining& told = rendered_.training(turn);
    const bool whole = told.content.empty() && told.reasoning.empty();
    std::size_t turn_end = label_thought(turn, weight);
    for (const ByteSpan& span : rendered_.find(turn)) {
      const TokenRange range = train(span, whole ? weight : 0);
      if (range.end > range.begin) turn_end = range.end;
    }
    if (turn_end == 0) return;
    if (weight > 0) label_parts(turn, weight);
    for (std::size_t kind = 0; kind < rules_.ends.size(); ++kind) label_end(kind, turn_end, weight);
  }

  /// Content and reasoning where the row tells them apart. What it says nothing about bears no loss then.
  void label_parts(std::size_t turn, float weight) {
    const TurnTraining& told = rendered_.training(turn);
    if (!told.content.empty()) {
      if (const auto text = rendered_.property(turn, "content")) {
        label_text(rendered_.find_property(turn, "content"), *text, told.content, weight);
      }
    }
    if (told.reasoning.empty() || !told.thought.empty()) return;
    if (const auto text = rendered_.property(turn, rules_.thinking_key)) {
      label_text(rendered_.find_property(turn, rules_.thinking_key), *text, told.reasoning, weight);
    }
  }

  /// The thought in front of a turn. Returns the token behind it, 0 without a thought.
  std::size_t label_thought(std::size_t turn, float weight) {
    ByteSpan span = rendered_.thought(turn);
    if (span.end == 0) return 0;
    const TurnTraining& told = rendered_.training(turn);
    if (!rules_.train_thoughts) weight = 0;
    const std::size_t end = train(span, told.reasoning.empty() ? weight : 0).end;
    if (!told.reasoning.empty() && weight > 0) {
      span = {span.begin + kThoughtOpen.size(), span.end - kThoughtClose.size()};
      label_text(span, told.thought, told.reasoning, weight);
    }
    return end;
  }

  /// The parts of a text that bear loss; it stands in `span`.
  void label_text(ByteSpan span, const std::string& text, const std::vector<TrainingDetail>& details, float weight) {
    const TokenRange range = tokens_of(tokens_, span);
    if (span.end == 0 || range.end <= range.begin) return;
    // The template may have trimmed the text.
    const auto printed = std::string_view(rendered_.text()).substr(span.begin, span.end - span.begin);
    const std::size_t found = text.find(printed);
    const std::size_t trimmed = found == std::string::npos ? 0 : found;
    std::vector<TokenSpan> inside;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const TokenSpan& token = tokens_[i];
      inside.push_back({token.id, std::max(token.begin, span.begin) - span.begin + trimmed,
                        std::max(token.end, span.begin) - span.begin + trimmed});
    }
    const std::vector<float> weights = token_weights(inside, text, details);
    for (std::size_t i = 0; i < weights.size(); ++i) train(range.begin + i, weight * weights[i]);
  }

  /// The token that ends a turn or the text behind `turn_end`, if it is near.
  void label_end(std::size_t kind, std::size_t turn_end, float weight) {
    const EndTokens& end = rules_.ends[kind];
    const std::size_t limit = std::min(turn_end + kEndDistance + 1, tokens_.size());
    std::size_t at = turn_end;
    while (at < limit && !end.ids.contains(tokens_[at].id)) ++at;
    if (at == limit) return;
    last_[kind] = End{at, weight > 0 ? weight : 1};
    if (end.train == TrainOnEos::all || (end.train == TrainOnEos::turn && weight > 0)) train(at, last_[kind]->weight);
  }

  RenderedConversation& rendered_;
  const std::vector<TokenSpan>& tokens_;
  const LabelRules& rules_;
  std::vector<std::int32_t> labels_;
  std::vector<float> weights_;
  std::array<std::optional<End>, 2> last_;
};

}  // namespace

Labels make_labels(RenderedConversation& rendered, const std::vector<TokenSpan>& tokens, const LabelRules& rules) {
  return Labeller(rendered, tokens, rules).run();
}

}  // namespace eft
