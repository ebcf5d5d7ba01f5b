#include "check/doctor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/process.h"
#include "data/dataset.h"
#include "data/token_check.h"
#include "report/run_facts.h"
#include "report/words.h"
#include "tensor/device_memory.h"
#include "train/checkpoints/output_folder.h"
#include "train/loop/evaluate.h"
#include "train/loop/trainer.h"
#include "train/objectives/sft.h"
#include "train/plan/forward_check.h"
#include "train/plan/memory_plan.h"

namespace eft {
namespace {

constexpr std::size_t kRows = 8;
constexpr std::int64_t kTokens = 2048;  // of the rows whose losses are compared
constexpr std::int64_t kLabels = 64;    // whose logits are formed whole
constexpr double kNearUniform = 0.05;   // a loss this near ln V is that of guessing

struct Result {
  Verdict verdict = Verdict::pass;
  std::string text;
};

/// Rounding in another order, per token, stays below these.
double loss_tolerance(DType dtype) { return dtype == DType::bf16 ? 1e-2 : 1e-4; }

/// Verdict on two losses that should be the same.
Result same_loss(const char* what, double one, double other, DType dtype) {
  const double distance = std::abs(one - other) / std::max(std::abs(one), 1e-12);
  const bool pass = distance <= loss_tolerance(dtype);
  return {pass ? Verdict::pass : Verdict::fail, fmt::format("{}: {:.6f} and {:.6f}, {:.1e} apart (at most {:.0e})",
                                                            what, one, other, distance, loss_tolerance(dtype))};
}

/// The first rows that are short enough to be looked at closely.
Examples sample_of(const Examples& rows) {
  std::vector<std::uint32_t> chosen;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < rows.size() && chosen.size() < kRows; ++i) {
    if (!chosen.empty() && tokens + rows.length(i) > kTokens) continue;
    chosen.push_back(static_cast<std::uint32_t>(i));
    tokens += rows.length(i);
  }
  return rows.select(chosen);
}

/// The folder of `path` that is there already.
std::filesystem::path existing_folder(std::filesystem::path path) {
  path = std::filesystem::absolute(path);
  while (!std::filesystem::exists(path) && path.has_relative_path()) path = path.parent_path();
  return path;
}

class Doctor {
 public:
  explicit Doctor(const TrainJob& job) : job_(job), device_(Device::cpu) {}

  Checklist run() {
    if (!look("data", [&] { return data(); })) return list_;
    look("template", [&] { return rows_text(); });
    if (!look("memory", [&] { return memory(); }) || !look("loads", [&] { return loads(); })) return list_;
    look("trains", [&] { return trains(); });
    look("disk", [&] { return disk(); });
    look("loss", [&] { return first_loss(); });
    look("packing", [&] { return packing(); });
    look("cache", [&] { return cache(); });
    look("head", [&] { return head(); });
    return list_;
  }

 private:
  /// Adds what `examination` finds; false when that is a failure.
  template <class Examination>
  bool look(const char* name, Examination&& examination) {
    try {
      Result result = examination();
      list_.add(name, result.verdict, std::move(result.text));
    } catch (const Error& error) {
      list_.add(name, Verdict::fail, error.what());
    }
    return list_.items.back().verdict != Verdict::fail;
  }

  Result data() {
    device_ = resolve_device(job_.train.device);
    const Tokenizer tokenizer = Tokenizer::load(job_.tokenizer);
    check_tokens(job_.tokens, tokenizer);
    data_ = prepare_data(job_.data, job_.tokenizer, tokenizer, job_.train.seed, vocabulary_of(job_), media_of(job_));
    return {Verdict::pass, fmt::format("{}", fmt::join(data_.report.lines(), "; "))};
  }

  /// What the template does not print is a warning of those who read the rows.
  Result rows_text() {
    const std::vector<std::string>& warnings = data_.report.warnings;
    if (warnings.empty()) return {Verdict::pass, "prints what the rows hold"};
    return {Verdict::warn, fmt::format("{}", fmt::join(warnings, "; "))};
  }

  Result memory() {
    const LoaderOptions options = train_loader_options(job_);
    const PackedRow largest = data_.stream ? full_batch(options) : largest_batch(Loader(data_.train, options));
    const auto* device = device_memory.peek(device_);
    const std::int64_t available =
        device_ == Device::cpu ? available_memory() : (device != nullptr ? device->available() : 0);
    const MemoryFit fit = fit_memory(job_, largest, available, device_);
    if (fit.recompute) job_.train.gradient_checkpointing = true;
    plan_ = fit.memory;
    const std::string warning = memory_warning(plan_);
    return {
        warning.empty() ? Verdict::pass : Verdict::fail,
        memory_summary(plan_) + (fit.note.empty() ? "" : "; " + fit.note) + (warning.empty() ? "" : "; " + warning)};
  }

  Result loads() {
    pool_.emplace(device_);
    opened_ = open_for_training(job_, *pool_);
    const ModelInfo& info = opened_.model->info();
    return {Verdict::pass, fmt::format("{}, {} layers, {}", info.family, info.layers,
                                       counted(count_parameters(opened_.model->parameters()).total, "parameter"))};
  }

  Result trains() {
    std::vector<std::pair<std::string, std::int64_t>> adapted;
    std::int64_t trainable = 0;
    constexpr std::string_view kEnd = ".lora_A.weight";
    for (const Parameter& parameter : opened_.model->parameters()) {
      if (!parameter.trainable()) continue;
      trainable += parameter.shape.elements();
      if (!parameter.module.ends_with(kEnd)) continue;
      adapted.emplace_back(parameter.module.substr(0, parameter.module.size() - kEnd.size()), 1);
    }
    const std::string sum = counted(trainable, "parameter");
    if (!job_.trains_adapter()) return {Verdict::pass, "the whole model, " + sum};
    std::vector<std::string> places;
    for (const TensorGroup& group : group_tensors(adapted)) places.push_back(group.pattern);
    return {Verdict::pass, fmt::format("{}, adapters on {}: {}", sum, counted(std::ssize(adapted), "module"),
                                       fmt::join(places, ", "))};
  }

  Result disk() {
    check_output_folder(job_);
    const std::int64_t bytes = checkpoint_bytes(job_, plan_);
    const auto folder = existing_folder(job_.train.output_dir);
    std::error_code failure;
    const auto space = std::filesystem::space(folder, failure);
    if (failure) throw FileError("{}: {}", folder.string(), failure.message());
    const auto room = static_cast<std::int64_t>(space.available);
    return {room >= bytes ? Verdict::pass : Verdict::fail,
            fmt::format("a checkpoint takes about {}, {} has room for {}", format_size(bytes), folder.string(),
                        format_size(room))};
  }

  /// What the model starts from, against guessing all tokens alike.
  Result first_loss() {
    sample_ = sample_of(data_.train);
    loss_ = loss_of_rows(false);
    const double uniform = std::log(static_cast<double>(opened_.model->info().vocabulary));
    const std::string text = fmt::format("{:.4f} before training, guessing gives {:.4f}", loss_, uniform);
    if (!std::isfinite(loss_)) return {Verdict::fail, text};
    if (loss_ > uniform * (1 + kNearUniform)) {
      return {Verdict::fail, text + "; worse than guessing: is it the model's tokenizer and template?"};
    }
    if (loss_ > uniform * (1 - kNearUniform)) return {Verdict::warn, text + "; are the weights random?"};
    return {Verdict::pass, text};
  }

  Result packing() {
    return same_loss("rows alone and packed into one", loss_, loss_of_rows(true), opened_.model->dtype());
  }

  Result cache() {
    const ForwardCheck check = check_forward(*opened_.model, *pool_, sample_);
    return {check.pass() ? Verdict::pass : Verdict::fail,
            fmt::format("training forward and cached forward are {:.1e} apart (at most {:.0e})", check.error,
                        check.tolerance)};
  }

  /// The loss by blocks of the vocabulary, and by whole rows of logits in double precision.
  Result head() {
    const Model& model = *opened_.model;
    PackedRow row = Loader(sample_, plain_rows()).next();
    std::int64_t labels = 0;
    for (std::int32_t& target : row.targets) {
      if (target != kIgnoreLabel && ++labels > kLabels) target = kIgnoreLabel;
    }
    labels = row.label_tokens();
    Context ctx{.pool = &*pool_};
    const Var hidden = model.hidden(ctx, input_of(row), nullptr);
    const double scale = 1.0 / static_cast<double>(labels);
    const double by_blocks = to_doubles(model.loss(ctx, hidden, row.targets, scale).value())[0];
    double whole = 0;
    for (std::size_t i = 0; i < row.targets.size(); ++i) {
      if (row.targets[i] == kIgnoreLabel) continue;
      const auto at = static_cast<std::int64_t>(i);
      const std::vector<double> logits = to_doubles(model.logits(ctx, Var(hidden.value().slice(at, at + 1))).value());
      const double most = std::ranges::max(logits);
      double sum = 0;
      for (const double logit : logits) sum += std::exp(logit - most);
      whole += scale * (most + std::log(sum) - logits[static_cast<std::size_t>(row.targets[i])]);
    }
    return same_loss("loss by blocks and of whole logits", by_blocks, whole, model.dtype());
  }

  LoaderOptions plain_rows() const {
    return {.sequence_len = std::max(sample_.tokens(), job_.data.sequence_len), .shuffle = false};
  }

  double loss_of_rows(bool packed) {
    LoaderOptions options = plain_rows();
    options.packing = packed;
    return evaluate(*opened_.model, *pool_, sft_, Loader(sample_, options), {})->loss;
  }

  TrainJob job_;
  Device device_;
  Checklist list_;
  PreparedData data_;
  MemoryFacts plan_;
  std::optional<Pool> pool_;
  OpenedModel opened_;
  Sft sft_;  ///< of answers too: how well the model predicts their tokens
  Examples sample_;
  double loss_ = 0;
};

}  // namespace

Checklist examine(const TrainJob& job) { return Doctor(job).run(); }

}  // namespace eft
