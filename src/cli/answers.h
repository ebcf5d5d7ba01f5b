#pragma once

#include <functional>
#include <span>
#include <string>

#include "generate/session.h"

namespace eft {

/// Prints the answers of a session: text to standard output as it comes, or one JSON object each, and what it took to
/// standard error.
class AnswerPrinter {
 public:
  explicit AnswerPrinter(bool json) : json_(json) {}

  /// Continues `prompt`; `stopped` ends the answer when it says so.
  Reply print(Session& session, const Prompt& prompt, const std::function<bool()>& stopped = {}) const;
  void print_summary(const Session& session, const Reply& answer) const;

 private:
  bool json_;
};

}  // namespace eft
