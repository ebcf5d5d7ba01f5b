#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace eft {

/// Declares one command; main.cpp lists them. Its callback runs it and stores the exit code.
void add_check_command(CLI::App& app, int& exit_code);
void add_config_schema_command(CLI::App& app, int& exit_code);
void add_evaluate_command(CLI::App& app, int& exit_code);
void add_inference_command(CLI::App& app, int& exit_code);
void add_inspect_command(CLI::App& app, int& exit_code);
void add_init_command(CLI::App& app, int& exit_code);
void add_plan_command(CLI::App& app, int& exit_code);
void add_preprocess_command(CLI::App& app, int& exit_code);
void add_merge_command(CLI::App& app, int& exit_code);
void add_slice_command(CLI::App& app, int& exit_code);
void add_train_command(CLI::App& app, int& exit_code);

}  // namespace eft
