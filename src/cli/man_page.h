#pragma once

#include <span>
#include <string>

#include "cli/command_pages.h"

namespace eft {

/// The manual page eft(1), as roff for man.
std::string man_page(std::span<const CommandPage> pages, std::span<const RunKey> keys, const std::string& version);

}  // namespace eft
