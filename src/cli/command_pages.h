#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace eft {

/// One option or argument of a command, as its help names it.
struct OptionPage {
  std::vector<std::string> names;  ///< "--adapter", "-h"; of an argument its name alone
  bool argument = false;           ///< stands by itself
  bool takes_value = false;
  std::vector<std::string> choices;  ///< the values there are, where it takes one of a few
  std::string description;
};

struct CommandPage {
  std::string name;
  std::string description;
  std::vector<OptionPage> options;
  std::string ending;  ///< what its help ends with: examples
};

/// What the parser knows, as data: the one source of --help, the man page and completion in shells. The first page is
/// that of the program, the others those of its commands in their order.
std::vector<CommandPage> pages_of(const CLI::App& app);

/// A key of a run's YAML file, which --set overrides.
struct RunKey {
  std::string name;
  std::string description;
};

/// Of the structs that hold the options.
std::vector<RunKey> run_keys_of_schema();

}  // namespace eft
