#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "check/tolerance.h"
#include "quant/quant_options.h"

namespace eft {

struct CheckOptions {
  std::filesystem::path model;
  std::filesystem::path reference;
  std::filesystem::path adapter;  ///< empty: the whole model trains
  FrozenStorage frozen = {};      ///< how weights of linears are kept that stay frozen
  DType dtype = DType::f32;
  std::string device = "cpu";  ///< "cpu", "cuda" or "cuda:N"
  bool recompute = false;      ///< run layers as checkpoints
};

/// One gradient beside the reference's.
struct CheckedGradient {
  std::string name;
  GradientDistance distance;
  GradientBound bound;

  bool too_far() const { return used_up(distance, bound) > 1; }
};

/// How far eft is from a reference. Quantities that the file lacks are absent.
struct CheckReport {
  Distance distance;
  CheckTolerance tolerance{};
  std::vector<CheckedGradient> gradients;  ///< compared, that which uses up most of its bound first
  std::vector<std::string> missing;        ///< gradients in the file that belong to no parameter of ours
  std::vector<std::string> idle;           ///< gradients in the file that are zero, of tensors that text does not need
  std::vector<std::string> unreferenced;   ///< trainable parameters that the file has no gradient for
  bool pass = false;
};

/// Runs the reference's batch on a checkpoint and compares: logits by max|Δ|/max|ref| over visible positions, each
/// gradient by gradient_distance, losses by |Δ|/|ref|. Throws the errors of loading.
CheckReport check_model(const CheckOptions& options);

/// One line a quantity, and one for each gradient that is too far; `every_gradient`: one for each.
std::string describe(const CheckReport& report, bool every_gradient = false);
/// {"loss", "logits", "grad_worst", "grad_worst_name", "losses_worst", "missing", "pass"} with null for what is absent;
/// grad_worst is the largest distance of a gradient.
std::string to_json(const CheckReport& report);

}  // namespace eft
