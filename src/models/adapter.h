#pragma once

#include <filesystem>

#include "models/model.h"
#include "nn/adapter_file.h"

namespace eft {

/// Declared adapters get fresh values as in PEFT: A uniform in ±1/√in, B zero. bf16 models keep f32 masters.
void initialise_adapter(Model& model, Pool& pool, std::uint64_t seed);

/// Declared adapters get the values of adapter_model.safetensors, strictly; an embedding or output layer in it that is not
/// declared replaces that of the base, untrained. Throws ConfigError that names what does not fit ("adapter for another
/// model").
void load_adapter(Model& model, Pool& pool, const std::filesystem::path& folder);

/// Makes the adapters the only trainable parameters.
void train_adapter(Model& model, Pool& pool);

/// Writes adapter_model.safetensors and adapter_config.json as PEFT reads them, in f32, into `folder`.
void save_adapter(const Model& model, const AdapterOptions& options, const std::filesystem::path& base_model,
                  const std::filesystem::path& folder);

}  // namespace eft
