#pragma once

#include <filesystem>

#include "models/registry.h"
#include "tensor/safetensors.h"

namespace eft {

struct QuantizeReport {
  std::int64_t packed = 0;  ///< weights that are codes now
  std::int64_t copied = 0;  ///< tensors as they were
};

/// Writes the checkpoint of `model` with the weights of its linears packed, one in memory at a time, to the existing
/// folder `out`; all other tensors are copied, and config.json says how Transformers reads it. Which linears those are
/// says LinearPolicy::storage. Throws ConfigError for a checkpoint that is packed already.
QuantizeReport quantize_checkpoint(const std::filesystem::path& model, const std::filesystem::path& out,
                                   const Storage& storage, std::int64_t shard_bytes = kShardBytes);

}  // namespace eft
