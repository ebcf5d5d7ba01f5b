#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>

#include "base/error.h"
#include "base/log.h"
#include "base/mapping_faults.h"
#include "cli/build_facts.h"
#include "cli/command.h"
#include "cli/standard_streams.h"

namespace {

constexpr int kInternalError = 70;

constexpr const char* kExitCodes =
    "The exit code is 0, or 2 for a wrong option, 3 for wrong data, 4 for a file, 5 for a device or memory, 6 for a "
    "run that\n"
    "was asked to stop and wrote a checkpoint, 7 for a budget of memory that nothing fits into.";

/// A misspelt command is no required one that is missing.
void require_known_command(const CLI::App& app, const std::string& word) {
  if (word.starts_with("-")) return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::ranges::find(names, word) != names.end()) return;
  throw eft::ConfigError("{}: no such command, expected {}", word, fmt::join(names, ", "));
}

int run(int argc, char** argv) {
  CLI::App app("Fine-tunes Gemma 3 and Gemma 4 from an Axolotl YAML and a Hugging Face checkpoint folder.", "eft");
  app.require_subcommand(1);
  app.set_version_flag(
      "--version", [] { return eft::version_page(); }, "Say the version and what this build has");
  int exit_code = 0;
  eft::add_train_command(app, exit_code);
  eft::add_evaluate_command(app, exit_code);
  eft::add_doctor_command(app, exit_code);
  eft::add_compare_command(app, exit_code);
  eft::add_plan_command(app, exit_code);
  eft::add_preprocess_command(app, exit_code);
  eft::add_check_command(app, exit_code);
  eft::add_inference_command(app, exit_code);
  eft::add_init_command(app, exit_code);
  eft::add_inspect_command(app, exit_code);
  eft::add_merge_command(app, exit_code);
  eft::add_quantize_command(app, exit_code);
  eft::add_slice_command(app, exit_code);
  eft::add_config_schema_command(app, exit_code);
  eft::add_completion_command(app, exit_code);
  eft::add_man_command(app, exit_code);
  // Set last: commands would take it over.
  app.footer(kExitCodes);
  if (argc > 1) require_known_command(app, argv[1]);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    throw eft::ConfigError("{}; see eft --help", error.what());
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  eft::prepare_standard_streams();
  eft::explain_lost_mappings();
  eft::set_log_sink(
      [](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); });
  try {
    const int exit_code = run(argc, argv);
    eft::require_written_output();
    return exit_code;
  } catch (const eft::Error& error) {
    std::fprintf(stderr, "eft: %s\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "eft: out of memory\n");
    return 5;
  } catch (const std::filesystem::filesystem_error& error) {  // a name too long, a folder closed to us
    const eft::FileError file("{}: {}", error.path1().string(), error.code().message());
    std::fprintf(stderr, "eft: %s\n", file.what());
    return file.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "eft: internal error: %s; please report it\n", error.what());
    return kInternalError;
  }
}
