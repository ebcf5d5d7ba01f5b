#pragma once

#include <filesystem>

#include "models/registry.h"
#include "tensor/safetensors.h"

namespace eft {

struct MergeReport {
  std::int64_t merged = 0;   ///< weights that changed
  std::int64_t copied = 0;   ///< tensors as they were
  std::int64_t rounded = 0;  ///< weights that have the values of the codes in which a run kept them
  bool untied = false;       ///< the output layer became a tensor of its own
};

/// Writes the checkpoint of `model` with the PEFT adapter merged into its weights to the existing folder `out`: dtypes
/// and all other tensors are kept, shards of `shard_bytes` with an index, one tensor in memory at a time. Where the
/// adapter makes a tied output layer differ from the embedding, both are written and config.json says that they are not
/// tied. Throws ConfigError when the adapter is for another model.
MergeReport merge_adapter(const std::filesystem::path& model, const std::filesystem::path& adapter,
                          const std::filesystem::path& out, const FrozenStorage& frozen = {},
                          std::int64_t shard_bytes = kShardBytes);

}  // namespace eft
