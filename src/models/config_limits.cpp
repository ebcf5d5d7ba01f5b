#include "models/config_limits.h"

#include "base/error.h"

namespace eft {
namespace {

constexpr std::int64_t kMostLayers = 512;
constexpr std::int64_t kWidest = 1 << 20;

/// What a key may hold: one number for all layers or a list with one for each.
struct Limit {
  const char* key;
  std::int64_t least;
  std::int64_t most;
};

constexpr Limit kLimits[] = {
    {"vocab_size", 1, 1 << 24},
    {"vocab_size_per_layer_input", 1, 1 << 24},
    {"hidden_size", 1, kWidest},
    {"hidden_size_per_layer_input", 0, kWidest},
    {"intermediate_size", 1, kWidest},
    {"moe_intermediate_size", 1, kWidest},
    {"num_hidden_layers", 1, kMostLayers},
    {"num_attention_heads", 1, 4096},
    {"num_key_value_heads", 1, 4096},
    {"num_global_key_value_heads", 1, 4096},
    {"head_dim", 2, 1 << 16},
    {"global_head_dim", 2, 1 << 16},
    {"max_position_embeddings", 1, std::int64_t{1} << 40},
    {"sliding_window", 1, std::int64_t{1} << 40},
    {"sliding_window_pattern", 1, kMostLayers},
    {"num_experts", 1, 4096},
    {"top_k_experts", 1, 4096},
    {"altup_num_inputs", 1, 64},
    {"laurel_rank", 1, kWidest},
    {"pad_token_id", -1, 1 << 24},
};

void check(const ConfigJson& config, const Limit& limit) {
  for (const std::int64_t value : config.integers(limit.key)) {
    if (value >= limit.least && value <= limit.most) continue;
    throw ConfigError("{}: {}, expected {} to {}", config.where(limit.key), value, limit.least, limit.most);
  }
}

/// Sizes within their limits, and heads whose halves rotate with each other.
void check_all(const ConfigJson& config) {
  for (const Limit& limit : kLimits) check(config, limit);
  for (const char* key : {"head_dim", "global_head_dim"}) {
    const std::int64_t size = config.integer(key, 2);
    if (size % 2 != 0) throw ConfigError("{}: {}, expected an even number", config.where(key), size);
  }
}

/// Query heads share keys and values in groups of one size.
void check_groups(const ConfigJson& config) {
  for (const char* key : {"num_key_value_heads", "num_global_key_value_heads"}) {
    const std::int64_t heads = config.integer("num_attention_heads", 8);
    const std::int64_t shared = config.integer(key, 1);
    if (heads % shared != 0)
      throw ConfigError("{}: {}, expected a divisor of num_attention_heads: {}", config.where(key), shared, heads);
  }
}

}  // namespace

void check_sizes(const ConfigJson& text) {
  check_all(text);
  check_groups(text);
  check(text, {"num_kv_shared_layers", 0, text.integer("num_hidden_layers", 30) - 1});
  if (const auto overrides = text.object("per_layer_config")) {
    for (std::int64_t layer = 0; layer < kMostLayers; ++layer) {
      const auto own = overrides->object(std::to_string(layer));
      if (own) check_all(*own);
    }
  }
  for (const char* key : {"rms_norm_eps", "query_pre_attn_scalar"}) {
    if (const double value = text.number(key, 1e-6); !(value > 0) || value > 1e9) {
      throw ConfigError("{}: {}, expected a positive number", text.where(key), value);
    }
  }
  if (const double cap = text.number("final_logit_softcapping", 0.0); cap < 0) {
    throw ConfigError("{}: {}, expected a positive number or null", text.where("final_logit_softcapping"), cap);
  }
}

}  // namespace eft
