#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/config_json.h"

namespace eft {

/// How one kind of attention layer rotates its queries and keys.
struct RopeSpec {
  double theta = 10000.0;
  double factor = 1.0;         ///< "linear": frequencies are divided by it
  double rotated_share = 1.0;  ///< "proportional": the share of frequencies that is not zero

  /// head_dim/2 inverse frequencies, θ^(−2i/head_dim)/factor, zero beyond the rotated share.
  std::vector<double> inverse_frequencies(std::int64_t head_dim) const;
};

/// Reads rope_parameters.<kind> over `fallback`. Throws ConfigError for a rope_type that eft does not know.
RopeSpec read_rope(const ConfigJson& config, const std::string& kind, RopeSpec fallback);

/// Full layers of Gemma 3 and 3n, in the spelling before Transformers 5 (rope_theta, rope_scaling), in the new one
/// (rope_parameters.full_attention), or in both: then the keys of rope_scaling go over those of rope_parameters.
RopeSpec read_scaled_rope(const ConfigJson& config);

/// Which layers slide: `layer_types`, else every layer but each `pattern`-th. Throws ConfigError for unknown names or a
/// wrong number of them.
std::vector<bool> read_sliding_layers(const ConfigJson& config, std::int64_t layers, std::int64_t pattern);

}  // namespace eft
