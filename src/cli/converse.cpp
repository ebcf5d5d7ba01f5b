#include "cli/converse.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "cli/terminal.h"
#include "generate/turn_input.h"

namespace eft {
namespace {

constexpr const char* kHelp =
    "/reset         forgets the conversation, not the system message\n"
    "/system TEXT   begins anew with this system message; without TEXT with none\n"
    "/image FILE    puts an image in front of the next turn\n"
    "/save FILE     adds the conversation to FILE as a row to train on\n"
    "/quit          ends, as Ctrl-D does\n"
    "A line is a turn. One that ends in \\ goes on in the next line; three quotes (\"\"\") begin and end a turn of "
    "many\n"
    "lines. // sends a line that begins with a slash. Ctrl-C stops an answer.";

volatile std::sig_atomic_t interrupted = 0;

extern "C" void stop_answer(int signal) {
  if (interrupted != 0) {  // nobody has listened to the first
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  interrupted = 1;
}

/// While it lives, Ctrl-C does not end the program.
class AnswerInterrupt {
 public:
  explicit AnswerInterrupt(bool active) : active_(active) {
    interrupted = 0;
    if (active_) before_ = std::signal(SIGINT, stop_answer);
  }
  ~AnswerInterrupt() {
    if (active_) std::signal(SIGINT, before_);
  }
  AnswerInterrupt(const AnswerInterrupt&) = delete;
  AnswerInterrupt& operator=(const AnswerInterrupt&) = delete;

 private:
  bool active_;
  void (*before_)(int) = SIG_DFL;
};

/// "/save rows.jsonl" → {"/save", "rows.jsonl"}.
struct Command {
  std::string name, argument;

  explicit Command(const std::string& line) {
    const std::size_t end = line.find_first_of(" \n");
    name = line.substr(0, end);
    const std::size_t begin = end == std::string::npos ? end : line.find_first_not_of(" \n", end);
    if (begin != std::string::npos) argument = line.substr(begin, line.find_last_not_of(" \n") + 1 - begin);
  }
};

/// One conversation with its commands.
class Conversation {
 public:
  Conversation(Session& session, Chat& chat, const ImagePrompter* prompter, const AnswerPrinter& printer,
               bool interactive)
      : session_(session), chat_(chat), prompter_(prompter), printer_(printer), interactive_(interactive) {}

  /// False when the conversation is over.
  bool take(std::string line) {
    if (line.empty()) return true;
    if (line.starts_with("//")) return answer(line.substr(1));
    return line.starts_with('/') ? run(Command(line)) : answer(line);
  }

  void say(const std::string& text) const { std::fprintf(stderr, "%s\n", terminal_.paint(text, Paint::dim).c_str()); }

 private:
  bool run(const Command& command) {
    if (command.name == "/quit" || command.name == "/exit") return false;
    if (command.name == "/help") {
      say(kHelp);
    } else if (command.name == "/reset") {
      chat_.restart();
      say("the conversation is forgotten");
    } else if (command.name == "/system") {
      chat_.restart(command.argument);
      say(command.argument.empty() ? "a new conversation without a system message"
                                   : "a new conversation with this system message");
    } else if (command.name == "/image") {
      add_image(command.argument);
    } else if (command.name == "/save") {
      save(command.argument);
    } else {
      say(command.name + ": no such command; /help lists them, // sends a line that begins with a slash");
    }
    return true;
  }

  void add_image(const std::string& path) {
    if (prompter_ == nullptr) return say("/image: this model has no vision tower that eft knows");
    if (path.empty()) return say("/image needs a file: /image cat.jpg");
    try {
      images_.push_back(prompter_->read(path));
      say(path + " goes in front of the next turn");
    } catch (const Error& error) {
      if (!interactive_) throw;
      say(error.what());
    }
  }

  void save(const std::string& path) const {
    if (path.empty()) return say("/save needs a file: /save rows.jsonl");
    if (!chat_.begun()) return say("nothing to save yet");
    std::ofstream file(path, std::ios::app);
    file << chat_.row() << '\n';
    file.flush();
    say(file ? "added to " + path + " as one row" : path + ": cannot be written");
  }

  bool answer(const std::string& text) {
    chat_.add_user(text, std::exchange(images_, {}));
    try {
      const Prompt prompt = chat_.prompt();
      const AnswerInterrupt interrupt(interactive_);
      const Reply answer = printer_.print(session_, prompt, [] { return interrupted != 0; });
      if (answer.generated.tokens.empty() && answer.generated.finish == Finish::caller) {
        chat_.drop_last();
      } else {
        chat_.add_model(answer.generated.tokens);
      }
      if (answer.generated.finish != Finish::stop_token) printer_.print_summary(session_, answer);
    } catch (const DataError& error) {  // of the template, for one; a person can take another way
      if (!interactive_) throw;
      chat_.drop_last();
      say(error.what());
    }
    return true;
  }

  Session& session_;
  Chat& chat_;
  const ImagePrompter* prompter_;
  std::vector<PromptImage> images_;  // of the next turn
  const AnswerPrinter& printer_;
  bool interactive_;
  Terminal terminal_ = standard_error();
};

}  // namespace

void converse(Session& session, Chat& chat, const ImagePrompter* prompter, const AnswerPrinter& printer,
              std::istream& input, bool interactive) {
  Conversation conversation(session, chat, prompter, printer, interactive);
  if (interactive) conversation.say("/help says what can be typed; Ctrl-D ends");
  TurnInput turns(input, [&](bool more) {
    if (interactive) std::fprintf(stderr, "%s", standard_error().paint(more ? "… " : "> ", Paint::green).c_str());
  });
  while (auto turn = turns.next()) {
    if (!conversation.take(std::move(*turn))) return;
  }
  if (interactive) std::fprintf(stderr, "\n");
}

}  // namespace eft
