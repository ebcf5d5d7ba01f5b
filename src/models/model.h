#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "models/tower.h"
#include "nn/kv_cache.h"
#include "nn/linear_policy.h"
#include "nn/parameter.h"

namespace eft {

/// Tokens of several sequences laid end to end; sequence s covers [starts[s], starts[s + 1]). With a cache its earlier
/// tokens are in the cache, in the slot slots[s].
struct ModelInput {
  std::span<const std::int32_t> tokens;
  std::span<const std::int32_t> positions;
  std::span<const std::int64_t> starts;
  /// Ascending tokens whose hidden states are read; empty: all. What only the others need is not computed. Not with a
  /// cache.
  std::span<const std::int32_t> wanted = {};
  /// By sequence, each another one; empty: sequence s has slot s. Only with a cache.
  std::span<const std::int64_t> slots = {};
  /// Tokens that stand for images and their like: ascending, each within a sequence, whole, none of them wanted alone.
  std::span<const MediaSpan> media = {};
};

/// How texts hold an image: `begin`, then `soft` for each row of the tower, then `end`.
struct ImageTokens {
  std::int32_t begin;
  std::int32_t soft;
  std::int32_t end;
};

/// What everything outside models/ needs to know of a configuration.
struct ModelInfo {
  std::string family;  ///< "gemma4"
  std::int64_t vocabulary = 0;
  std::int64_t layers = 0;
  std::int64_t max_positions = 0;
  double final_softcap = 0;                  ///< 0: none
  std::vector<std::int64_t> cache_windows;   ///< per layer that owns keys and values; 0 sees everything
  std::vector<std::int32_t> stop_tokens;     ///< of the family, when generation_config.json names none
  std::optional<ImageTokens> image;          ///< where the model was built with its vision tower
  std::string head_name = "lm_head.weight";  ///< of the output layer in the checkpoint's files, where it is not tied
};

/// A language model: constructor and forward function. Its parameters are in `parameters()` under checkpoint names.
class Model {
 public:
  virtual ~Model() = default;

  /// The normalised last hidden states of the wanted tokens, [wanted, hidden]. Keys and values go through `cache` when
  /// there is one.
  virtual Var hidden(Context& ctx, const ModelInput& input, KvCache* cache) const = 0;
  /// The weight of the output layer, [vocabulary, hidden] (the embedding, where tied).
  Var head() const { return head_->var(); }
  /// The parameter of that weight.
  const Parameter& head_parameter() const { return *head_; }
  /// Names the output layer in the files. Untied it is a parameter of its own, loaded from there. Once, before loading.
  void name_head(const std::string& name, bool tied);

  /// Gives it a tower for images, whose parameters are in the store already, and the tokens that stand for them.
  void add_vision(std::unique_ptr<Tower> tower, ImageTokens tokens);
  /// The tower of a kind of media; null: it was built without.
  const Tower* tower(MediaKind kind) const { return kind == MediaKind::image ? vision_.get() : nullptr; }

  const ModelInfo& info() const { return info_; }
  ParameterStore& parameters() { return parameters_; }
  const ParameterStore& parameters() const { return parameters_; }
  LinearPolicy& policy() { return policy_; }
  /// The dtype of activations, set when weights are loaded.
  DType dtype() const { return dtype_; }
  void set_dtype(DType dtype) { dtype_ = dtype; }

  /// scale · Σ of the cross-entropies of `targets` (next tokens, −100 for none) given hidden states, each times its
  /// weight where there are weights.
  Var loss(Context& ctx, const Var& hidden, std::span<const std::int32_t> targets, double scale,
           std::span<const float> weights = {}) const;
  /// Softcapped logits [rows, vocabulary] of hidden states.
  Var logits(Context& ctx, const Var& hidden) const;

 protected:
  explicit Model(LinearPolicy policy) : policy_(std::move(policy)) {}

  /// Ties the output layer to the embedding; where one of them is trained beside adapters, it has a copy of its own, as
  /// with PEFT.
  void tie_head(const Parameter& embedding);

  /// x, the embeddings of the tokens, with what the towers make of the input's media in their places. Throws DataError
  /// where a tower makes another number of rows.
  Var with_media(Context& ctx, Var x, const ModelInput& input) const;

  ModelInfo info_;
  ParameterStore parameters_;
  LinearPolicy policy_;
  DType dtype_ = DType::f32;

 private:
  const Parameter* head_ = nullptr;
  std::unique_ptr<Tower> vision_;
};

/// The sequences of a batch as what a cache adds.
std::vector<CacheRun> cache_runs(const ModelInput& input);

}  // namespace eft
