#include "data/labels.h"

#include <algorithm>
#include <optional>

#include "data/example.h"

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
      : rendered_(rendered), tokens_(tokens), rules_(rules), labels_(tokens.size(), kIgnoreLabel) {}

  std::vector<std::int32_t> run() {
    for (std::size_t turn = 0; turn < rendered_.turns(); ++turn) label_turn(turn);
    for (std::size_t kind = 0; kind < rules_.ends.size(); ++kind) {
      if (rules_.ends[kind].train == TrainOnEos::last && last_[kind]) train(*last_[kind]);
    }
    return std::move(labels_);
  }

 private:
  void train(std::size_t token) { labels_[token] = tokens_[token].id; }

  bool trains(std::size_t turn) const {
    const TurnTraining& told = rendered_.training(turn);
    if (told.train) return *told.train;
    if (!told.content.empty() || !told.reasoning.empty() || rules_.train_on_inputs) return true;
    const auto& roles = rules_.roles_to_train;
    return std::find(roles.begin(), roles.end(), rendered_.role(turn)) != roles.end();
  }

  void label_turn(std::size_t turn) {
    const bool trained = trains(turn);
    const auto is_all = [](const EndTokens& end) { return end.train == TrainOnEos::all; };
    if (!trained && std::none_of(rules_.ends.begin(), rules_.ends.end(), is_all)) return;
    const TurnTraining& told = rendered_.training(turn);
    const bool whole = told.content.empty() && told.reasoning.empty();
    std::size_t turn_end = 0;
    for (const ByteSpan& span : rendered_.find(turn)) {
      const TokenRange range = tokens_of(tokens_, span);
      if (range.end <= range.begin) continue;
      for (std::size_t i = range.begin; trained && whole && i < range.end; ++i) train(i);
      turn_end = range.end;
    }
    if (turn_end == 0) return;
    if (trained && !whole) {
      label_property(turn, "content", told.content);
      label_property(turn, rules_.thinking_key, told.reasoning);
    }
    for (std::size_t kind = 0; kind < rules_.ends.size(); ++kind) label_end(kind, turn_end, trained);
  }

  /// The parts of a property that bear loss; all of it when `details` is empty.
  void label_property(std::size_t turn, const std::string& key, const std::vector<TrainingDetail>& details) {
    const std::optional<std::string> text = rendered_.property(turn, key);
    if (!text) return;
    const ByteSpan span = rendered_.find_property(turn, key);
    const TokenRange range = tokens_of(tokens_, span);
    if (span.end == 0 || range.end <= range.begin) return;
    // The template may have trimmed the text.
    const auto printed = std::string_view(rendered_.text()).substr(span.begin, span.end - span.begin);
    const std::size_t found = text->find(printed);
    const std::size_t trimmed = found == std::string::npos ? 0 : found;
    std::vector<TokenSpan> inside;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const TokenSpan& token = tokens_[i];
      inside.push_back({token.id, std::max(token.begin, span.begin) - span.begin + trimmed,
                        std::max(token.end, span.begin) - span.begin + trimmed});
    }
    const std::vector<bool> trained =
        details.empty() ? std::vector<bool>(inside.size(), true) : trained_tokens(inside, *text, details);
    for (std::size_t i = 0; i < trained.size(); ++i) {
      if (trained[i]) train(range.begin + i);
    }
  }

  /// The token that ends a turn or the text behind `turn_end`, if it is near.
  void label_end(std::size_t kind, std::size_t turn_end, bool trained) {
    const EndTokens& end = rules_.ends[kind];
    const std::size_t limit = std::min(turn_end + kEndDistance + 1, tokens_.size());
    std::size_t at = turn_end;
    while (at < limit && !end.ids.contains(tokens_[at].id)) ++at;
    if (at == limit) return;
    last_[kind] = at;
    if (end.train == TrainOnEos::all || (end.train == TrainOnEos::turn && trained)) train(at);
  }

  RenderedConversation& rendered_;
  const std::vector<TokenSpan>& tokens_;
  const LabelRules& rules_;
  std::vector<std::int32_t> labels_;
  std::array<std::optional<std::size_t>, 2> last_;
};

}  // namespace

std::vector<std::int32_t> make_labels(RenderedConversation& rendered, const std::vector<TokenSpan>& tokens,
                                      const LabelRules& rules) {
  return Labeller(rendered, tokens, rules).run();
}

}  // namespace eft
