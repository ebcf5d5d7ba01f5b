#include "generate/session.h"

#include <chrono>

#include "base/error.h"
#include "models/adapter.h"
#include "tensor/device_memory.h"

namespace eft {
namespace {

OpenedModel open(const SessionOptions& options, Pool& pool) {
  LoadOptions load{
      .dtype = options.dtype, .adapter = {}, .frozen = options.frozen, .vision = Vision::where_stored};
  if (!options.adapter.empty()) load.adapter = read_adapter_options(options.adapter);
  OpenedModel opened = open_model(options.model, load, pool);
  if (!options.adapter.empty()) load_adapter(*opened.model, pool, options.adapter);
  return opened;
}

/// What was asked for, else what the model folder says.
SamplingOptions sampling_of(const SessionOptions& asked, const GenerationConfig& config) {
  SamplingOptions options = config.sampling;
  options.seed = asked.seed;
  if ((asked.top_k || asked.top_p) && options.temperature == 0) options.temperature = 1.0;
  options.temperature = asked.temperature.value_or(options.temperature);
  options.top_k = asked.top_k.value_or(options.top_k);
  options.top_p = asked.top_p.value_or(options.top_p);
  return options;
}

GenerateLimits limits_of(const SessionOptions& options, const GenerationConfig& config, const ModelInfo& model,
                         const Tokenizer& tokenizer) {
  GenerateLimits limits{.max_new_tokens = options.max_new_tokens, .stop_tokens = stop_tokens(config, model, tokenizer)};
  for (const std::string& piece : options.stop) {
    const auto token = tokenizer.id_of(piece);
    if (!token) throw ConfigError("--stop: '{}' is no single token of {}", piece, options.model.string());
    limits.stop_tokens.push_back(*token);
  }
  return limits;
}

}  // namespace

double Reply::tokens_per_second() const {
  const auto later = static_cast<double>(generated.tokens.size()) - 1;
  return later > 0 && seconds > 0 ? later / seconds : 0;
}

Session::Session(const SessionOptions& options, Tokenizer tokenizer)
    : pool_(take_device(options.device)),
      tokenizer_(std::move(tokenizer)),
      opened_(open(options, pool_)),
      sampling_(sampling_of(options, read_generation_config(options.model))),
      limits_(limits_of(options, read_generation_config(options.model), opened_.model->info(), tokenizer_)),
      sampler_(sampling_),
      decoder_(*opened_.model, pool_) {}

Reply Session::answer(const Prompt& prompt, const Listener& listener) {
  if (!prompt.media.empty() && opened_.model->tower(MediaKind::image) == nullptr) {
    throw ConfigError("{}: holds no vision tower, so it sees no images", opened_.folder.string());
  }
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  std::optional<Clock::time_point> first;
  StreamDecoder text(tokenizer_);
  Reply out;
  const auto emit = [&](const std::string& part) {
    out.text += part;
    return listener(part);
  };
  const auto on_token = [&](TokenId token) {
    if (!first) first = Clock::now();
    return emit(text.push(token));
  };
  out.generated = generate(decoder_, prompt.tokens, limits_, sampler_, on_token, prompt.media);
  emit(text.finish());
  const auto end = Clock::now();
  out.prompt_seconds = std::chrono::duration<double>(first.value_or(end) - begin).count();
  out.seconds = std::chrono::duration<double>(end - first.value_or(end)).count();
  return out;
}

}  // namespace eft
