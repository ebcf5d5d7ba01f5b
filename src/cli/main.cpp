#include <cstdio>
#include <exception>
#include <new>

#include "base/error.h"
#include "base/log.h"
#include "cli/command.h"

namespace {

constexpr int kInternalError = 70;

int run(int argc, char** argv) {
  CLI::App app("Fine-tunes Gemma 3 and Gemma 4 from an Axolotl YAML and a Hugging Face checkpoint folder.", "eft");
  app.require_subcommand(1);
  app.set_version_flag("--version", "eft 0.1.0");
  int exit_code = 0;
  eft::add_train_command(app, exit_code);
  eft::add_evaluate_command(app, exit_code);
  eft::add_plan_command(app, exit_code);
  eft::add_check_command(app, exit_code);
  eft::add_init_command(app, exit_code);
  eft::add_config_schema_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  eft::set_log_sink([](std::string_view line) { std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data()); });
  try {
    return run(argc, argv);
  } catch (const eft::Error& error) {
    std::fprintf(stderr, "eft: %s\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "eft: out of memory\n");
    return 5;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "eft: internal error: %s; please report it\n", error.what());
    return kInternalError;
  }
}
