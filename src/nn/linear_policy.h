#pragma once

#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "nn/adapter_options.h"

namespace eft {

/// The low-rank adapter of one linear.
struct LoraSettings {
  std::int64_t rank;
  double scale;    ///< alpha / rank
  double dropout;  ///< of the adapter's input, in training
};

/// Decides for each linear, by its module path, how it is held. Asked once when the module is built.
class LinearPolicy {
 public:
  /// Everything dense, nothing adapted.
  LinearPolicy() = default;
  /// Adapters where `options` say so. Throws ConfigError for a broken regular expression or a missing rank.
  explicit LinearPolicy(const AdapterOptions& options);

  /// The adapter of the linear at `module` ("model.layers.0.self_attn.q_proj"), if it gets one. As in PEFT: a list
  /// matches whole names or ends of paths at a dot, a string is a regular expression for the whole path.
  std::optional<LoraSettings> lora(std::string_view module);

  /// Linears that were asked about, and how many got an adapter.
  const std::vector<std::string>& linears() const { return linears_; }
  std::int64_t adapted() const { return adapted_; }
  /// Throws ConfigError when adapters were asked for and a target matched nothing (names it, shows what there is).
  void check_matched() const;

 private:
  bool matches(std::string_view module);

  AdapterOptions options_;
  std::optional<std::regex> pattern_;
  std::vector<bool> target_used_;
  std::vector<std::string> linears_;
  std::int64_t adapted_ = 0;
};

}  // namespace eft
