#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/regex.h"
#include "nn/adapter_options.h"
#include "quant/quant_options.h"

namespace eft {

/// The low-rank adapter of one linear.
struct LoraSettings {
  std::int64_t rank;
  double scale;    ///< alpha / rank, or alpha / √rank
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

  /// The adapter of a parameter that is no linear's ("model.layers.0.experts.gate_up_proj"), if target_parameters name
  /// it or the end of its path at a dot; it is kept at the module path `adapter`.
  std::optional<LoraSettings> lora_of_parameter(std::string_view parameter, std::string_view adapter);

  /// For a module or parameter that never gets an adapter: lora_target_linear passes it by, and a target that names it
  /// is a ConfigError with `reason`.
  void leave_plain(std::string_view name, std::string_view reason);

  /// From now on frozen weights are kept so.
  void keep_frozen(FrozenStorage frozen) { frozen_ = std::move(frozen); }
  /// How the frozen weight `parameter` of a linear is kept. Packed are the projections of attention and MLPs, experts,
  /// and the gate and projection of per-layer embeddings; routers, AltUp, LAuReL and the projection of the model's input
  /// to per-layer embeddings stay dense: they are small and sensitive.
  Storage storage(std::string_view parameter) const;

  /// Whether a parameter ("model.norm.weight") is of a module to save: trained in full and kept with the adapter. As in
  /// PEFT, a target is the end of the path of a module around it.
  bool saves(std::string_view parameter);

  /// Adapters that lora_of_parameter gave.
  struct OfParameter {
    std::string parameter, adapter;
    double scale;
  };
  const std::vector<OfParameter>& of_parameters() const { return of_parameters_; }

  /// Linears that were asked about, and how many got an adapter.
  const std::vector<std::string>& linears() const { return linears_; }
  std::int64_t adapted() const { return adapted_; }
  /// Throws ConfigError when adapters were asked for and a target matched nothing (names it, shows what there is).
  void check_matched() const;

 private:
  bool targets(std::string_view module);
  bool excluded(std::string_view module);
  bool targets_parameter(std::string_view parameter);
  void check_used(const std::vector<std::string>& targets, const std::vector<bool>& used, const char* key,
                  const char* peft_key) const;
  std::string hint(const std::string& target, bool of_parameter) const;
  LoraSettings settings(std::string_view module) const;

  AdapterOptions options_;
  FrozenStorage frozen_;
  /// A key of rank_pattern or alpha_pattern, as PEFT matches it.
  struct Pattern {
    Regex module;
    std::int64_t value;
  };
  /// Where a setting stands: the key of the run's file, or of the adapter's folder that it was read from.
  std::string where(const char* key, const char* peft_key) const;
  std::vector<Pattern> read_patterns(const StringMap& map, const std::string& where) const;

  std::optional<Regex> pattern_, exclude_pattern_;
  std::vector<Pattern> rank_patterns_, alpha_patterns_;
  std::vector<bool> target_used_, parameter_target_used_, exclude_used_, saved_used_;
  std::vector<std::string> linears_, parameters_;
  std::vector<OfParameter> of_parameters_;
  std::int64_t adapted_ = 0;
};

}  // namespace eft
