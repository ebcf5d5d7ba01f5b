#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/file.h"

namespace eft {

/// One input. What it throws but an Error of ours, and every crash, is a finding. Each fuzzer defines it.
void fuzz_one(std::string_view input);

/// Runs `body`; an Error of ours is a good answer.
void expect_errors_only(const auto& body) {
  try {
    body();
  } catch (const Error&) {
  }
}

/// Cuts the first byte off, as a choice among `count`.
inline std::size_t take_choice(std::string_view& input, std::size_t count) {
  if (input.empty()) return 0;
  const auto choice = static_cast<unsigned char>(input.front()) % count;
  input.remove_prefix(1);
  return choice;
}

/// A folder in memory for this process.
inline const std::filesystem::path& scratch_folder() {
  static const std::filesystem::path folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / ("eft_fuzz_" + std::string(6, 'X'))).string();
    if (mkdtemp(name.data()) == nullptr) throw FileError("{}: cannot make the folder", name);
    return std::filesystem::path(name);
  }();
  return folder;
}

}  // namespace eft
