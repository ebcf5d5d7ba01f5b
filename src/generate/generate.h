#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "generate/sampler.h"
#include "models/model.h"

namespace eft {

/// When generation ends.
struct GenerateLimits {
  std::int64_t max_new_tokens = 512;
  std::vector<std::int32_t> stop_tokens;
};

/// Why it ended. `context`: the model reads no more positions; `caller`: the callback said so.
enum class Finish { stop_token, length, context, caller };

/// A continuation, without the stop token that ended it.
struct Generated {
  std::vector<std::int32_t> tokens;
  Finish finish = Finish::length;
  std::optional<std::int32_t> stop_token;
  std::int64_t prompt_computed = 0;  ///< tokens of the prompt that were not in the cache yet
};

/// A sequence that a model reads and continues. Keys and values of all it has read are kept, so every token is computed
/// once; windowed layers keep only their window. `model` and `pool` must outlive it.
class Generator {
 public:
  /// Called with each new token, stop tokens excepted; false ends the generation.
  using OnToken = std::function<bool(std::int32_t token)>;

  Generator(const Model& model, Pool& pool);

  /// Reads `tokens` behind what was read before. Logits of what follows the last one, [1, vocabulary], in f32 (f64 for
  /// an f64 model); no others are computed. Throws DataError for ids outside the vocabulary or too many tokens.
  Tensor read(std::span<const std::int32_t> tokens);
  /// Forgets all that was read.
  void restart();

  /// Continues `prompt`, the whole sequence from its start: where it begins with what was read before (the history of a
  /// chat), only the rest is read.
  Generated generate(std::span<const std::int32_t> prompt, const GenerateLimits& limits, Sampler& sampler,
                     const OnToken& on_token = {});

 private:
  Var hidden(Context& ctx, std::span<const std::int32_t> tokens);
  void check_room(std::span<const std::int32_t> tokens) const;
  std::span<const std::int32_t> unread(std::span<const std::int32_t> prompt);

  const Model& model_;
  Pool& pool_;
  KvCache cache_;
  std::vector<std::int32_t> read_;
};

}  // namespace eft
