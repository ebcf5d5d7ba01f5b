#include "generate/turn_input.h"

#include <utility>

namespace eft {
namespace {

constexpr const char* kQuotes = "\"\"\"";
constexpr std::size_t kQuotesLength = 3;

}  // namespace

TurnInput::TurnInput(std::istream& lines, std::function<void(bool more)> ask) : lines_(lines), ask_(std::move(ask)) {}

std::optional<std::string> TurnInput::next() {
  std::optional<std::string> turn = line(false);
  if (!turn) return std::nullopt;
  if (turn->starts_with(kQuotes)) return block(turn->substr(kQuotesLength));
  while (turn->ends_with('\\')) {
    turn->pop_back();
    const auto more = line(true);
    if (!more) break;
    *turn += '\n' + *more;
  }
  return turn;
}

std::optional<std::string> TurnInput::line(bool more) {
  ask_(more);
  std::string text;
  if (!std::getline(lines_, text)) return std::nullopt;
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

/// `first` is what stands behind the quotes.
std::string TurnInput::block(std::string first) {
  std::string text = std::move(first);
  bool begun = !text.empty();
  while (!text.ends_with(kQuotes)) {
    const auto more = line(true);
    if (!more) return text;
    text += (begun ? "\n" : "") + *more;
    begun = true;
  }
  text.resize(text.size() - kQuotesLength);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace eft
