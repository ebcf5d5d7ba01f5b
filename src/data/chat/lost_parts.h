#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/chat/turn.h"
#include "data/data_options.h"

namespace eft {

/// Something of a conversation that its template does not print.
struct LostPart {
  Finding kind;  ///< tools, tool_calls, tool_responses, reasoning or content
  std::size_t turn = 0;
};

/// What the template leaves out, each part of a turn once. The conversation is rendered once more with a mark in the
/// place of every part, and a part whose mark is not printed is lost; without tools, calls and reasoning the rendering
/// that find() makes tells as much. Nothing is said when the template refuses the marks. `thinking_key`: the property
/// of reasoning.
std::vector<LostPart> find_lost_parts(RenderedConversation& rendered, const std::string& thinking_key);

}  // namespace eft
