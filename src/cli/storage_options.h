#pragma once

#include <string>

#include "cli/command.h"
#include "quant/quant_options.h"

namespace eft {

/// --load-in-4bit, --load-in-8bit and --quantize-moe-experts, as the keys of a run; `what` they do for this command.
void add_storage_options(CLI::App& command, QuantOptions& options, const std::string& what);

}  // namespace eft
