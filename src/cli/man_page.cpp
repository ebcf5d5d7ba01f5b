#include "cli/man_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace eft {
namespace {

/// Text as roff takes it literally; a dot or quote that begins a line would be a request.
std::string literal(const std::string& text) {
  std::string result;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) result += "\\&";
    begins = c == '\n';
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string item(const std::string& term, const std::string& description) {
  return fmt::format(".TP\n{}\n{}\n", term, literal(description));
}

std::string item_of(const OptionPage& option) {
  if (option.argument) return item(fmt::format("\\fI{}\\fR", literal(option.names[0])), option.description);
  std::vector<std::string> names;
  for (const std::string& name : option.names) names.push_back("\\fB" + literal(name) + "\\fR");
  std::string term = fmt::format("{}", fmt::join(names, ", "));
  if (!option.choices.empty()) {
    term += literal(fmt::format(" {}", fmt::join(option.choices, "|")));
  } else if (option.takes_value) {
    term += " \\fIvalue\\fR";
  }
  return item(term, option.description);
}

std::string section_of(const CommandPage& command) {
  std::string section = fmt::format(".SS {}\n{}\n", literal(command.name), literal(command.description));
  for (const OptionPage& option : command.options) section += item_of(option);
  if (!command.ending.empty()) section += fmt::format(".PP\n.nf\n{}\n.fi\n", literal(command.ending));
  return section;
}

}  // namespace

std::string man_page(std::span<const CommandPage> pages, std::span<const RunKey> keys, const std::string& version) {
  const CommandPage& program = pages[0];
  std::string page = fmt::format(".TH EFT 1 \"\" \"eft {}\"\n.SH NAME\neft \\- fine\\-tune Gemma models\n", version);
  page += ".SH SYNOPSIS\n\\fBeft\\fR \\fIcommand\\fR [\\fIargument\\fR...]\n";
  page += fmt::format(".SH DESCRIPTION\n{}\n.SH OPTIONS\n", literal(program.description));
  for (const OptionPage& option : program.options) page += item_of(option);
  page += ".SH COMMANDS\n";
  for (const CommandPage& command : pages.subspan(1)) page += section_of(command);
  page +=
      ".SH KEYS OF A RUN\nThe YAML file of a run has Axolotl's keys; \\fB\\-\\-set\\fR \\fIkey\\fR=\\fIvalue\\fR "
      "overrides one.\n";
  for (const RunKey& key : keys) page += item("\\fB" + literal(key.name) + "\\fR", key.description);
  return page + fmt::format(".SH EXIT STATUS\n{}\n", literal(program.ending));
}

}  // namespace eft
