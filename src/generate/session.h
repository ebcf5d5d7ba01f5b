#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generate/decoder.h"
#include "generate/generate.h"
#include "generate/image_prompt.h"
#include "generate/sampler.h"
#include "generate/settings.h"
#include "models/load.h"
#include "text/tokenizer.h"

namespace eft {

/// What a session is opened with. What is left out of the sampling is as generation_config.json says.
struct SessionOptions {
  std::filesystem::path model;
  std::filesystem::path adapter;  ///< empty: none
  FrozenStorage frozen = {};      ///< how the weights are kept
  DType dtype = DType::bf16;
  std::string device = "cpu";
  std::optional<double> temperature;
  std::optional<std::int64_t> top_k;
  std::optional<double> top_p;
  std::uint64_t seed = 0;
  std::int64_t max_new_tokens = 512;
  std::vector<std::string> stop;  ///< further tokens that end an answer
};

/// A continuation with what it took.
struct Reply {
  Generated generated;
  std::string text;
  double prompt_seconds = 0;  ///< until the first token
  double seconds = 0;         ///< for the tokens after it

  double tokens_per_second() const;
};

/// A loaded model that answers one prompt after the other, and keeps what it has read of the last one.
class Session {
 public:
  /// Throws what reading the folders throws, ConfigError for a stop token that the vocabulary does not have.
  Session(const SessionOptions& options, Tokenizer tokenizer);

  /// Gets the text of an answer as it becomes certain (perhaps nothing yet); false ends the answer.
  using Listener = std::function<bool(std::string_view text)>;
  Reply answer(const Prompt& prompt, const Listener& listener);

  const Tokenizer& tokenizer() const { return tokenizer_; }
  const ModelInfo& model() const { return opened_.model->info(); }
  const SamplingOptions& sampling() const { return sampling_; }
  const GenerateLimits& limits() const { return limits_; }
  /// What the user should know about the checkpoint.
  const std::vector<std::string>& notes() const { return opened_.notes; }
  /// Most bytes of tensors so far.
  std::int64_t peak_memory() const { return pool_.peak().total; }

 private:
  Pool pool_;
  Tokenizer tokenizer_;
  OpenedModel opened_;
  SamplingOptions sampling_;
  GenerateLimits limits_;
  Sampler sampler_;
  Decoder decoder_;
};

}  // namespace eft
