#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "check/gradients.h"
#include "media/media_item.h"
#include "tensor/safetensors.h"
#include "train/optimizers/optimizer_options.h"

namespace eft {

/// Relative errors of one run against a reference, gradients apart.
struct Distance {
  std::optional<double> loss;
  std::optional<double> logits;
  std::optional<double> losses_worst;
};

/// What another implementation computed on one batch: a safetensors file with metadata format=eft-reference-1 (the
/// layout is described in docs/fidelity.md).
class Reference {
 public:
  /// Throws FileError or DataError (wrong format, shapes that disagree).
  explicit Reference(const std::filesystem::path& path);

  std::int64_t batch() const { return batch_; }
  std::int64_t length() const { return length_; }
  /// Token at [row, column].
  std::int32_t token(std::int64_t row, std::int64_t column) const { return tokens_[at(row, column)]; }
  std::int32_t label(std::int64_t row, std::int64_t column) const { return labels_[at(row, column)]; }
  bool visible(std::int64_t row, std::int64_t column) const { return mask_.empty() || mask_[at(row, column)] != 0; }

  bool has_images() const;
  /// The pictures of the batch, in the order of their places in it; none: it is a batch of text.
  std::vector<std::shared_ptr<const MediaItem>> images() const;
  /// Throws DataError where token_type_ids are there and do not say, first token first, which tokens are `image`.
  void check_types(std::int32_t image) const;

  std::optional<double> loss() const;
  std::vector<double> losses() const;
  /// [batch, length, vocabulary], when there.
  std::optional<Tensor> logits() const;
  /// Names of parameters with a gradient, and the gradients.
  std::vector<std::string> gradient_names() const;
  Tensor gradient(const std::string& name) const { return file_.tensor("grad." + name); }

  /// Learning rate and AdamW options of `losses`.
  double learning_rate() const { return learning_rate_; }
  const OptimizerOptions& optimizer() const { return optimizer_; }
  /// Recorded distance of the reference implementation's own run in "f32" or "bf16" from the truth, when recorded.
  Distance noise(const std::string& dtype) const;
  /// The same of each gradient, by its name.
  std::map<std::string, GradientDistance> gradient_noise(const std::string& dtype) const;

 private:
  std::size_t at(std::int64_t row, std::int64_t column) const {
    return static_cast<std::size_t>(row * length_ + column);
  }
  std::vector<std::int32_t> read_ids(const std::string& name);
  void read_optimizer();
  /// Throws DataError for a tensor whose name means nothing.
  void check_names() const;
  /// The JSON object in the metadata under `key`; null when there is none.
  nlohmann::json metadata_object(const std::string& key) const;

  Safetensors file_;
  std::int64_t batch_ = 0;
  std::int64_t length_ = 0;
  std::vector<std::int32_t> tokens_, labels_, mask_, types_;
  double learning_rate_ = 0;
  OptimizerOptions optimizer_;
};

}  // namespace eft
