#include "check/check.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/store/example.h"
#include "models/adapter.h"
#include "models/load.h"
#include "tensor/device_memory.h"
#include "train/loop/stepper.h"
#include "train/objectives/sft.h"

namespace eft {
namespace {

/// The visible tokens of a reference, laid end to end.
struct FlatBatch {
  PackedRow row;
  std::vector<std::int64_t> origin;  ///< row · length + column of each token
};

FlatBatch flatten(const Reference& reference) {
  FlatBatch flat;
  flat.row.starts = {0};
  for (std::int64_t row = 0; row < reference.batch(); ++row) {
    for (std::int64_t column = 0; column < reference.length(); ++column) {
      if (!reference.visible(row, column)) continue;
      const bool last = column + 1 == reference.length();
      flat.row.tokens.push_back(reference.token(row, column));
      flat.row.positions.push_back(static_cast<std::int32_t>(column));
      flat.row.targets.push_back(last ? kIgnoreLabel : reference.label(row, column + 1));
      flat.origin.push_back(row * reference.length() + column);
    }
    flat.row.starts.push_back(static_cast<std::int64_t>(flat.row.tokens.size()));
  }
  return flat;
}

/// A run as the reference made it: no clipping, every parameter decays.
TrainOptions train_options(const Reference& reference, bool recompute) {
  TrainOptions options;
  options.optimizer = reference.optimizer();
  options.optimizer.max_grad_norm = 0;
  options.gradient_checkpointing = recompute;
  return options;
}

double relative(double got, double wanted) {
  return wanted == 0 ? std::abs(got) : std::abs(got - wanted) / std::abs(wanted);
}

/// ‖a − b‖ / ‖b‖; ‖a‖ where b is zero.
double relative_norm(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, squares = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    squares += b[i] * b[i];
  }
  return squares == 0 ? std::sqrt(difference) : std::sqrt(difference / squares);
}

/// Not-a-number must fail a comparison, so it counts as infinitely far.
double worse(double a, double b) { return std::isnan(b) ? HUGE_VAL : std::max(a, b); }

/// The name in the adapter's file of a gradient that PEFT names by where the weight is in memory.
std::string stored_name(std::string name) {
  constexpr std::string_view kCopy = ".modules_to_save";
  if (const auto found = name.find(kCopy); found != std::string::npos) name.erase(found, kCopy.size());
  return name;
}

class Checker {
 public:
  explicit Checker(const CheckOptions& options)
      : options_(options),
        reference_(options.reference),
        train_(train_options(reference_, options.recompute)),
        pool_(take_device(options.device)) {
    LoadOptions load{.dtype = options.dtype, .train_base = options.adapter.empty(), .adapter = {}};
    if (!options.adapter.empty()) load.adapter = read_adapter_options(options.adapter);
    load.adapter.dropout = 0;  // nor has the reference any
    opened_ = open_model(options.model, load, pool_);
    if (!options.adapter.empty()) {
      load_adapter(*opened_.model, pool_, options.adapter);
      train_adapter(*opened_.model, pool_);
    }
    batch_ = flatten(reference_);
    optimizer_ = make_optimizer(opened_.model->parameters(), pool_, train_.optimizer);
  }

  CheckReport run() {
    report_.tolerance =
        check_tolerance(options_.dtype, reference_.noise(options_.dtype == DType::bf16 ? "bf16" : "f32"));
    compare_logits();
    Stepper stepper(*opened_.model, pool_, sft_, *optimizer_, train_);
    StepResult first = stepper.accumulate({&batch_.row, 1}, 0);
    if (const auto wanted = reference_.loss()) report_.distance.loss = relative(first.loss, *wanted);
    compare_gradients();
    compare_losses(stepper, std::move(first));
    judge();
    return report_;
  }

 private:
  void compare_logits() {
    const auto wanted = reference_.logits();
    if (!wanted) return;
    Context ctx{.pool = &pool_};
    const Var hidden = opened_.model->hidden(ctx, input_of(batch_.row), nullptr);
    double worst = 0, largest = 0;
    const std::int64_t vocabulary = opened_.model->info().vocabulary;
    if (wanted->shape() != Shape{reference_.batch(), reference_.length(), vocabulary}) {
      throw DataError("{}: logits: {}, expected {}", options_.reference.string(), to_string(wanted->shape()),
                      to_string(Shape{reference_.batch(), reference_.length(), vocabulary}));
    }
    const Tensor rows = wanted->reshape({reference_.batch() * reference_.length(), vocabulary});
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(batch_.row.tokens.size()); ++i) {
      const auto got = to_doubles(opened_.model->logits(ctx, Var(hidden.value().slice(i, i + 1))).value());
      const std::int64_t row = batch_.origin[static_cast<std::size_t>(i)];
      const auto truth = to_doubles(rows.slice(row, row + 1));
      for (std::size_t j = 0; j < truth.size(); ++j) {
        worst = worse(worst, std::abs(got[j] - truth[j]));
        largest = std::max(largest, std::abs(truth[j]));
      }
    }
    report_.distance.logits = largest == 0 ? worst : worst / largest;
  }

  void compare_gradients() {
    const auto names = reference_.gradient_names();
    if (names.empty()) return;
    double worst = 0;
    std::vector<const Parameter*> compared;
    for (const std::string& name : names) {
      const Parameter* parameter = opened_.model->parameters().find(stored_name(name));
      const auto wanted = to_doubles(reference_.gradient(name));
      if (parameter == nullptr || !parameter->trainable()) {
        const bool idle =
            std::ranges::count(opened_.skipped, name) > 0 && std::ranges::count(wanted, 0.0) == std::ssize(wanted);
        (idle ? report_.idle : report_.missing).push_back(name);
        continue;
      }
      if (static_cast<std::int64_t>(wanted.size()) != parameter->shape.elements()) {
        throw DataError("{}: grad.{}: {} elements, expected {}", options_.reference.string(), name, wanted.size(),
                        parameter->shape.elements());
      }
      const auto got =
          parameter->grad->filled ? to_doubles(parameter->grad->tensor) : std::vector<double>(wanted.size(), 0.0);
      const double distance = worse(0, relative_norm(got, wanted));
      if (distance >= worst) {
        worst = distance;
        report_.grad_worst_name = name;
      }
      compared.push_back(parameter);
    }
    for (const Parameter& parameter : opened_.model->parameters()) {
      if (parameter.trainable() && std::ranges::find(compared, &parameter) == compared.end()) {
        report_.unreferenced.push_back(parameter.name);
      }
    }
    report_.gradients = compared.size();
    report_.distance.grad_worst = worst;
  }

  void compare_losses(Stepper& stepper, StepResult result) {
    const auto wanted = reference_.losses();
    if (wanted.empty()) return;
    double worst = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (i > 0) {
        stepper.update(result, reference_.learning_rate());
        result = stepper.accumulate({&batch_.row, 1}, static_cast<std::int64_t>(i));
      }
      worst = worse(worst, relative(result.loss, wanted[i]));
    }
    report_.distance.losses_worst = worst;
  }

  void judge() {
    const Distance& d = report_.distance;
    const CheckTolerance& t = report_.tolerance;
    const auto within = [](const std::optional<double>& value, double bound) { return !value || *value <= bound; };
    report_.pass = within(d.loss, t.loss) && within(d.logits, t.logits) && within(d.grad_worst, t.grad_worst) &&
                   within(d.losses_worst, t.losses_worst) && report_.missing.empty();
  }

  CheckOptions options_;
  Reference reference_;
  TrainOptions train_;
  Pool pool_;
  OpenedModel opened_;
  Sft sft_;
  std::unique_ptr<Optimizer> optimizer_;
  FlatBatch batch_;
  CheckReport report_;
};

std::string line(const char* name, const std::optional<double>& value, double bound, const std::string& detail) {
  if (!value) return fmt::format("{:<10} not in the file\n", name);
  return fmt::format("{:<10} {:.3e}  (tolerance {:.1e})  {}{}\n", name, *value, bound,
                     *value <= bound ? "ok" : "TOO FAR", detail.empty() ? "" : "  " + detail);
}

}  // namespace

CheckReport check_model(const CheckOptions& options) { return Checker(options).run(); }

std::string describe(const CheckReport& report) {
  const Distance& d = report.distance;
  const CheckTolerance& t = report.tolerance;
  std::string text = line("logits", d.logits, t.logits, "") + line("loss", d.loss, t.loss, "");
  text += line("gradients", d.grad_worst, t.grad_worst,
               fmt::format("{} compared, worst {}", report.gradients, report.grad_worst_name));
  text += line("losses", d.losses_worst, t.losses_worst, "");
  for (const std::string& name : report.missing)
    text += fmt::format("missing    grad.{} belongs to no trainable parameter\n", name);
  if (!report.idle.empty()) {
    text += fmt::format("note       {} gradients are zero and of tensors that are not read, first {}\n",
                        report.idle.size(), report.idle[0]);
  }
  if (!report.unreferenced.empty()) {
    text += fmt::format("note       {} trainable parameters have no gradient in the file, first {}\n",
                        report.unreferenced.size(), report.unreferenced[0]);
  }
  return text + (report.pass ? "pass\n" : "FAIL\n");
}

std::string to_json(const CheckReport& report) {
  const auto value = [](const std::optional<double>& x) {
    return x && std::isfinite(*x) ? nlohmann::ordered_json(*x) : nlohmann::ordered_json(nullptr);
  };
  const Distance& d = report.distance;
  return nlohmann::ordered_json{{"loss", value(d.loss)},
                                {"logits", value(d.logits)},
                                {"grad_worst", value(d.grad_worst)},
                                {"grad_worst_name", d.grad_worst ? nlohmann::ordered_json(report.grad_worst_name)
                                                                 : nlohmann::ordered_json(nullptr)},
                                {"losses_worst", value(d.losses_worst)},
                                {"missing", report.missing},
                                {"pass", report.pass}}
      .dump();
}

}  // namespace eft
