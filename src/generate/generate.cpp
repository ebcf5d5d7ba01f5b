#include "generate/generate.h"

#include <algorithm>

namespace eft {
namespace {

constexpr std::int64_t kSlot = 0;

bool same_image(const MediaSpan& a, const MediaSpan& b) { return a.begin == b.begin && a.item == b.item; }

/// What of `prompt` has to be read. Unless all that was read is its beginning, that is forgotten.
std::span<const std::int32_t> unread(Decoder& decoder, std::span<const std::int32_t> prompt,
                                     std::span<const MediaSpan> media) {
  const std::vector<std::int32_t>& read = decoder.history(kSlot);
  const std::vector<MediaSpan>& seen = decoder.media(kSlot);
  const bool continues = read.size() < prompt.size() && std::equal(read.begin(), read.end(), prompt.begin()) &&
                         seen.size() <= media.size() &&
                         std::equal(seen.begin(), seen.end(), media.begin(), same_image) &&
                         !cuts_media(media, static_cast<std::int64_t>(read.size()));
  if (!continues) decoder.forget(kSlot);
  return prompt.subspan(read.size());
}

}  // namespace

Generated generate(Decoder& decoder, std::span<const std::int32_t> prompt, const GenerateLimits& limits,
                   Sampler& sampler, const OnToken& on_token, std::span<const MediaSpan> media) {
  const std::span<const std::int32_t> rest = unread(decoder, prompt, media);
  const auto size = static_cast<std::int64_t>(prompt.size());
  const std::vector<MediaSpan> further = media_in(media, size - static_cast<std::int64_t>(rest.size()), size);
  Generated out;
  out.prompt_computed = static_cast<std::int64_t>(rest.size());
  Pool host(Device::cpu);  // where tokens are drawn
  Tensor logits = decoder.read(kSlot, rest, further);
  while (static_cast<std::int64_t>(out.tokens.size()) < limits.max_new_tokens) {
    const Tensor floats = cast(host, Category::workspace, logits, DType::f32);
    const std::int32_t token = sampler.pick({floats.data<float>(), static_cast<std::size_t>(floats.elements())});
    if (std::ranges::find(limits.stop_tokens, token) != limits.stop_tokens.end()) {
      out.finish = Finish::stop_token;
      out.stop_token = token;
      return out;
    }
    out.tokens.push_back(token);
    if (on_token && !on_token(token)) {
      out.finish = Finish::caller;
      return out;
    }
    if (static_cast<std::int64_t>(out.tokens.size()) == limits.max_new_tokens) break;
    if (decoder.full(kSlot)) {
      out.finish = Finish::context;
      return out;
    }
    logits = decoder.step({&kSlot, 1}, {&token, 1});
  }
  return out;
}

}  // namespace eft
