#include "cli/storage_options.h"

namespace eft {

void add_storage_options(CLI::App& command, QuantOptions& options, const std::string& what) {
  CLI::Option* four = command.add_flag("--load-in-4bit", options.four_bits, what);
  command.add_flag("--load-in-8bit", options.eight_bits, what)->excludes(four);
  command.add_flag("--quantize-moe-experts", options.experts, "Of a mixture the experts as well");
}

}  // namespace eft
