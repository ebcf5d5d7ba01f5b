#pragma once

#include <istream>

#include "cli/answers.h"
#include "generate/chat.h"

namespace eft {

/// `eft inference --chat`: takes turns and commands from `input` until it ends or says /quit. `interactive`: a person
/// types there, is asked with a prompt, and stops an answer with Ctrl-C.
void converse(Session& session, Chat& chat, const ImagePrompter* prompter, const AnswerPrinter& printer,
              std::istream& input, bool interactive);

}  // namespace eft
