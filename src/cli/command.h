#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <initializer_list>

namespace eft {

/// Declares one command; main.cpp lists them. Its callback runs it and stores the exit code.
void add_check_command(CLI::App& app, int& exit_code);
void add_completion_command(CLI::App& app, int& exit_code);
void add_compare_command(CLI::App& app, int& exit_code);
void add_config_schema_command(CLI::App& app, int& exit_code);
void add_doctor_command(CLI::App& app, int& exit_code);
void add_evaluate_command(CLI::App& app, int& exit_code);
void add_inference_command(CLI::App& app, int& exit_code);
void add_inspect_command(CLI::App& app, int& exit_code);
void add_init_command(CLI::App& app, int& exit_code);
void add_man_command(CLI::App& app, int& exit_code);
void add_plan_command(CLI::App& app, int& exit_code);
void add_preprocess_command(CLI::App& app, int& exit_code);
void add_quantize_command(CLI::App& app, int& exit_code);
void add_merge_command(CLI::App& app, int& exit_code);
void add_slice_command(CLI::App& app, int& exit_code);
void add_train_command(CLI::App& app, int& exit_code);

/// Command lines to type, which the command's help and the manual page end with.
void add_examples(CLI::App& command, std::initializer_list<const char*> lines);

}  // namespace eft
