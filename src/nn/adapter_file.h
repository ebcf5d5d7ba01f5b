#pragma once

#include <filesystem>

#include "nn/adapter_options.h"
#include "nn/parameter.h"

namespace eft {

/// Reads adapter_config.json of a PEFT folder into the options that declare the same adapter. Throws FileError when
/// missing and ConfigError, with the key, for anything that eft would compute differently.
AdapterOptions read_adapter_options(const std::filesystem::path& folder);

/// Writes adapter_config.json as PEFT reads it for the adapters among `parameters`. Throws FileError.
void write_adapter_config(const ParameterStore& parameters, const AdapterOptions& options,
                          const std::filesystem::path& base_model, const std::filesystem::path& folder);

}  // namespace eft
