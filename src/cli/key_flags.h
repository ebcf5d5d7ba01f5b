#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace eft {

/// What a command line says of keys of the YAML file: by --set key=value, or as Axolotl has it by a flag for each key
/// (--learning-rate 1e-4, --learning_rate=1e-4, --sample-packing, --no-sample-packing).
class KeyFlags {
 public:
  /// Declares --set, and lets the command take flags that it does not know. This must outlive the command.
  void add_to(CLI::App& command);
  /// The assignments in the form of --set, whose own come last. Throws ConfigError for a flag that is neither the
  /// command's nor a key of a run.
  std::vector<std::string> overrides() const;

 private:
  const CLI::App* command_ = nullptr;
  std::vector<std::string> set_;
};

}  // namespace eft
