#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/chat/turn.h"
#include "text/tokenizer.h"

namespace eft {

/// A kind of token that ends something, and which of them bear loss.
struct EndTokens {
  std::set<TokenId> ids;
  TrainOnEos train = TrainOnEos::turn;
};

/// What bears loss in a conversation, as far as the row does not say so itself.
struct LabelRules {
  std::vector<std::string> roles_to_train;
  bool train_on_inputs = false;
  std::string thinking_key;
  bool whole_text = false;        ///< what stands outside of all turns bears loss, too
  bool train_thoughts = true;     ///< those that stand in a thought channel of ours
  std::array<EndTokens, 2> ends;  ///< of turns, of the text
};

/// What each token of an example has to learn, and how much its loss weighs; no weights when all of them are 1.
struct Labels {
  std::vector<std::int32_t> labels;
  std::vector<float> weights;
};

/// The labels of the tokens of a rendered conversation.
Labels make_labels(RenderedConversation& rendered, const std::vector<TokenSpan>& tokens, const LabelRules& rules);

}  // namespace eft
