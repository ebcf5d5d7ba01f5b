#include <cstdio>

#include "base/error.h"
#include "cli/build_facts.h"
#include "cli/command.h"
#include "cli/command_pages.h"
#include "cli/completion.h"
#include "cli/man_page.h"

namespace eft {

void add_completion_command(CLI::App& app, int& /*exit_code*/) {
  CLI::App* command = app.add_subcommand("completion", "Print the script that completes eft's commands in a shell.");
  add_examples(*command, {"eft completion bash > ~/.local/share/bash-completion/completions/eft",
                          "eft completion fish > ~/.config/fish/completions/eft.fish"});
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, shell] {
    const auto script = *shell == "bash" ? bash_completion : *shell == "zsh" ? zsh_completion : fish_completion;
    std::printf("%s", script(pages_of(app), run_keys_of_schema()).c_str());
  });
}

void add_man_command(CLI::App& app, int& /*exit_code*/) {
  CLI::App* command = app.add_subcommand("man", "Print the manual page.");
  add_examples(*command, {"eft man | man -l -"});
  command->callback([&app] { std::printf("%s", man_page(pages_of(app), run_keys_of_schema(), version()).c_str()); });
}

}  // namespace eft
