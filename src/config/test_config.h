#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "config/run_config.h"

namespace eft::testing {

inline constexpr const char* kSmall =
    "base_model: model\n"
    "learning_rate: 2e-4\n"
    "datasets:\n"
    "  - path: rows.jsonl\n"
    "    type: chat_template\n";

struct Result {
  RunConfig config;
  Notes notes;
};

inline Result parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Result result;
  result.config = parse_config(text, "run.yaml", overrides, result.notes);
  return result;
}

/// The message for kSmall and these further lines (from line 6 on).
inline std::string error_of(const std::string& lines, const std::vector<std::string>& overrides = {}) {
  try {
    parse(kSmall + lines, overrides);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace eft::testing
