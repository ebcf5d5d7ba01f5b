#pragma once

#include <span>
#include <string>

#include "cli/command_pages.h"

namespace eft {

/// A script that teaches bash, zsh or fish the commands, their options and values, and the run's keys after --set.
std::string bash_completion(std::span<const CommandPage> pages, std::span<const RunKey> keys);
std::string zsh_completion(std::span<const CommandPage> pages, std::span<const RunKey> keys);
std::string fish_completion(std::span<const CommandPage> pages, std::span<const RunKey> keys);

}  // namespace eft
