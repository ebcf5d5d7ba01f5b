#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "generate/decoder.h"
#include "generate/sampler.h"

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

/// Called with each new token, stop tokens excepted; false ends the generation.
using OnToken = std::function<bool(std::int32_t token)>;

/// Continues `prompt` in slot 0 of `decoder`. The prompt is the whole sequence from its start: where it begins with
/// what the slot has read (the history of a chat), only the rest is read. `media`: the images among its tokens. Throws
/// what Decoder::read throws.
Generated generate(Decoder& decoder, std::span<const std::int32_t> prompt, const GenerateLimits& limits,
                   Sampler& sampler, const OnToken& on_token = {}, std::span<const MediaSpan> media = {});

}  // namespace eft
