#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace eft {
namespace {

/// The option whose value is a key of the run.
constexpr const char* kOverride = "--set";

bool takes_key(const OptionPage& option) { return std::ranges::find(option.names, kOverride) != option.names.end(); }

std::string escaped(const std::string& text, std::string_view special) {
  std::string result;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return result;
}

/// A word in single quotes, for all three shells.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

std::string names_of(std::span<const CommandPage> commands) {
  std::vector<std::string> names;
  for (const CommandPage& command : commands) names.push_back(command.name);
  return fmt::format("{}", fmt::join(names, " "));
}

/// The options of a page that are no arguments, as words.
std::string option_words(const CommandPage& page) {
  std::vector<std::string> words;
  for (const OptionPage& option : page.options) {
    if (!option.argument) words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return fmt::format("{}", fmt::join(words, " "));
}

std::string bash_case_of_value(const CommandPage& command, const OptionPage& option) {
  std::vector<std::string> patterns;
  for (const std::string& name : option.names) patterns.push_back(quoted(command.name + " " + name));
  const std::string words =
      takes_key(option) ? "words=$keys; compopt -o nospace" : fmt::format("words='{}'", fmt::join(option.choices, " "));
  return fmt::format("    {}) {} ;;\n", fmt::join(patterns, " | "), words);
}

/// Description of an option in a specification of zsh's _arguments.
std::string zsh_option(const OptionPage& option) {
  const std::string description = escaped(option.description, "[]:\\");
  std::string values = "_files";
  if (takes_key(option)) {
    values = "_eft_keys";
  } else if (!option.choices.empty()) {
    values = fmt::format("({})", fmt::join(option.choices, " "));
  }
  if (option.argument) return "      " + quoted(fmt::format("*:{}:{}", description, values)) + " \\\n";
  std::string lines;
  for (const std::string& name : option.names) {
    const std::string value = option.takes_value ? ":value:" + values : "";
    lines +=
        "      " + quoted(fmt::format("{}{}[{}]{}", takes_key(option) ? "*" : "", name, description, value)) + " \\\n";
  }
  return lines;
}

std::string fish_option(const std::string& condition, const OptionPage& option) {
  std::string line = "complete -c eft -n " + quoted(condition);
  for (const std::string& name : option.names) {
    if (option.argument) continue;
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (takes_key(option)) {
    line += " -x -a '(__eft_keys)'";
  } else if (!option.choices.empty()) {
    line += " -x -a " + quoted(fmt::format("{}", fmt::join(option.choices, " ")));
  } else if (option.takes_value) {
    line += " -r";
  }
  return line + " -d " + quoted(option.description) + "\n";
}

}  // namespace

std::string bash_completion(std::span<const CommandPage> pages, std::span<const RunKey> keys) {
  constexpr const char* kScript = R"(# Completion of eft in bash, made by: eft completion bash
_eft() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} command=${{COMP_WORDS[1]}} words='' keys='{keys}'
  case "$command ${{COMP_WORDS[COMP_CWORD - 1]}}" in
{values}    *)
      if [ "$COMP_CWORD" -eq 1 ]; then
        words='{commands} {options}'
      elif [[ $current == -* ]]; then
        case $command in
{words}        esac
      else
        case $command in
{arguments}        esac
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _eft eft
)";
  std::string key_words, values, words, arguments;
  for (const RunKey& key : keys) key_words += (key_words.empty() ? "" : " ") + key.name + "=";
  for (const CommandPage& command : pages.subspan(1)) {
    for (const OptionPage& option : command.options) {
      if (!option.argument && option.takes_value) values += bash_case_of_value(command, option);
      if (option.argument && !option.choices.empty()) {
        arguments += fmt::format("          {}) words='{}' ;;\n", command.name, fmt::join(option.choices, " "));
      }
    }
    words += fmt::format("          {}) words='{}' ;;\n", command.name, option_words(command));
  }
  return fmt::format(kScript, fmt::arg("keys", key_words), fmt::arg("values", values), fmt::arg("words", words),
                     fmt::arg("arguments", arguments), fmt::arg("commands", names_of(pages.subspan(1))),
                     fmt::arg("options", option_words(pages[0])));
}

std::string zsh_completion(std::span<const CommandPage> pages, std::span<const RunKey> keys) {
  constexpr const char* kScript = R"(#compdef eft
# Completion of eft in zsh, made by: eft completion zsh
_eft_keys() {{
  local -a keys=(
{keys}  )
  _describe -t keys key keys -S =
}}
_eft_commands() {{
  local -a commands=(
{commands}  )
  _describe -t commands command commands
}}
_eft() {{
  local context state line
  typeset -A opt_args
  _arguments -C \
{program}      '1:command:_eft_commands' '*::argument:->argument'
  [ "$state" = argument ] || return
  case $line[1] in
{cases}  esac
}}
if [ "$funcstack[1]" = _eft ]; then _eft "$@"; else compdef _eft eft; fi
)";
  std::string key_lines, commands, program, cases;
  for (const RunKey& key : keys) {
    key_lines += "    " + quoted(escaped(key.name, ":") + ":" + escaped(key.description, "\\")) + "\n";
  }
  for (const OptionPage& option : pages[0].options) program += zsh_option(option);
  for (const CommandPage& command : pages.subspan(1)) {
    commands += "    " + quoted(command.name + ":" + escaped(command.description, "\\")) + "\n";
    cases += fmt::format("    {}) _arguments \\\n", command.name);
    bool has_argument = false;
    for (const OptionPage& option : command.options) {
      // Arguments are all files and folders.
      if (!option.argument || !std::exchange(has_argument, true)) cases += zsh_option(option);
    }
    cases += "      && return ;;\n";
  }
  return fmt::format(kScript, fmt::arg("keys", key_lines), fmt::arg("commands", commands), fmt::arg("program", program),
                     fmt::arg("cases", cases));
}

std::string fish_completion(std::span<const CommandPage> pages, std::span<const RunKey> keys) {
  std::string script = "# Completion of eft in fish, made by: eft completion fish\nfunction __eft_keys\n";
  for (const RunKey& key : keys)
    script += fmt::format("  printf '%s\\t%s\\n' {}= {}\n", key.name, quoted(escaped(key.description, "\\")));
  script += "end\n";
  for (const OptionPage& option : pages[0].options) script += fish_option("__fish_use_subcommand", option);
  for (const CommandPage& command : pages.subspan(1)) {
    script += fmt::format("complete -c eft -f -n __fish_use_subcommand -a {} -d {}\n", command.name,
                          quoted(command.description));
    for (const OptionPage& option : command.options) {
      if (!option.argument || !option.choices.empty()) {
        script += fish_option("__fish_seen_subcommand_from " + command.name, option);
      }
    }
  }
  return script;
}

}  // namespace eft
