#include "check/check.h"

#include <algorithm>
#include <cmath>
#include <functional>
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

/// Gives the pictures of a reference to the runs of tokens that stand for them, in order.
void place_images(FlatBatch& flat, const Reference& reference, const Model& model, const std::string& where) {
  const auto images = reference.images();
  if (images.empty()) return;
  const std::int32_t soft = model.info().image->soft;
  reference.check_types(soft);
  std::size_t next = 0;
  const auto& tokens = flat.row.tokens;
  const auto size = static_cast<std::int64_t>(tokens.size());
  for (std::int64_t i = 0; i < size; ++i) {
    if (tokens[static_cast<std::size_t>(i)] != soft) continue;
    const std::int64_t rows = next < images.size() ? model.tower(MediaKind::image)->rows_of(*images[next]) : 1;
    std::int64_t end = i;
    while (end < size && end < i + rows && tokens[static_cast<std::size_t>(end)] == soft) ++end;
    if (next == images.size() || end < i + rows) {
      throw DataError("{}: {} tokens {} stand together for image {}, expected {} for each of {} images", where, end - i,
                      soft, next + 1, rows, images.size());
    }
    flat.row.media.push_back({.begin = i, .count = rows, .item = images[next++]});
    i = end - 1;
  }
  if (next < images.size()) {
    throw DataError("{}: pixel_values has {} images, the ids have places for {}", where, images.size(), next);
  }
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
    LoadOptions load{
        .dtype = options.dtype, .train_base = options.adapter.empty(), .adapter = {}, .frozen = options.frozen};
    if (reference_.has_images()) load.vision = Vision::wanted;
    if (!options.adapter.empty()) load.adapter = read_adapter_options(options.adapter);
    load.adapter.dropout = 0;  // nor has the reference any
    opened_ = open_model(options.model, load, pool_);
    if (!options.adapter.empty()) {
      load_adapter(*opened_.model, pool_, options.adapter);
      train_adapter(*opened_.model, pool_);
    }
    batch_ = flatten(reference_);
    place_images(batch_, reference_, *opened_.model, options.reference.string());
    optimizer_ = make_optimizer(opened_.model->parameters(), pool_, train_.optimizer, reference_.learning_rate());
  }

  CheckReport run() {
    report_.tolerance = check_tolerance(options_.dtype, reference_.noise(dtype_name()));
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
  /// As the metadata of a reference calls it.
  const char* dtype_name() const { return options_.dtype == DType::bf16 ? "bf16" : "f32"; }

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
    const auto noise = reference_.gradient_noise(dtype_name());
    const double largest = largest_norm(names);
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
      const auto found = noise.find(name);
      report_.gradients.push_back(
          {.name = name,
           .distance = gradient_distance(got, wanted, largest),
           .bound =
               gradient_bound(options_.dtype, found == noise.end() ? std::nullopt : std::optional(found->second))});
      compared.push_back(parameter);
    }
    for (const Parameter& parameter : opened_.model->parameters()) {
      if (parameter.trainable() && std::ranges::find(compared, &parameter) == compared.end()) {
        report_.unreferenced.push_back(parameter.name);
      }
    }
    std::ranges::stable_sort(report_.gradients, std::greater(),
                             [](const CheckedGradient& g) { return used_up(g.distance, g.bound); });
  }

  /// The largest norm of a gradient in the file.
  double largest_norm(const std::vector<std::string>& names) const {
    double largest = 0;
    for (const std::string& name : names) {
      double squares = 0;
      for (const double x : to_doubles(reference_.gradient(name))) squares += x * x;
      largest = std::max(largest, std::sqrt(squares));
    }
    return largest;
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
    report_.pass = within(d.loss, t.loss) && within(d.logits, t.logits) && within(d.losses_worst, t.losses_worst) &&
                   std::ranges::none_of(report_.gradients, &CheckedGradient::too_far) && report_.missing.empty();
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

std::string line(const CheckedGradient& gradient) {
  const auto& [name, distance, bound] = gradient;
  std::string text = fmt::format("  {}  distance {:.2e} of {:.1e}", name, distance.distance, bound.distance);
  if (distance.cosine && bound.cosine) {
    text += fmt::format(", cosine {:.6f} of at least {:.6f}", *distance.cosine, *bound.cosine);
  }
  return text + (gradient.too_far() ? "  TOO FAR\n" : "\n");
}

CheckedGradient farthest(const CheckReport& report) {
  return *std::ranges::max_element(report.gradients, {}, [](const CheckedGradient& g) { return g.distance.distance; });
}

}  // namespace

CheckReport check_model(const CheckOptions& options) { return Checker(options).run(); }

std::string describe(const CheckReport& report, bool every_gradient) {
  const Distance& d = report.distance;
  const CheckTolerance& t = report.tolerance;
  std::string text = line("logits", d.logits, t.logits, "") + line("loss", d.loss, t.loss, "");
  if (report.gradients.empty()) {
    text += line("gradients", {}, 0, "");
  } else {
    const CheckedGradient& nearest = report.gradients[0];
    text += line("gradients", nearest.distance.distance, nearest.bound.distance,
                 fmt::format("{} compared, nearest to its tolerance {}", report.gradients.size(), nearest.name));
  }
  for (const CheckedGradient& gradient : report.gradients) {
    if (every_gradient || gradient.too_far()) text += line(gradient);
  }
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
  const auto worst = report.gradients.empty() ? std::nullopt : std::optional(farthest(report));
  return nlohmann::ordered_json{
      {"loss", value(d.loss)},
      {"logits", value(d.logits)},
      {"grad_worst", value(worst ? std::optional(worst->distance.distance) : std::nullopt)},
      {"grad_worst_name", worst ? nlohmann::ordered_json(worst->name) : nlohmann::ordered_json(nullptr)},
      {"losses_worst", value(d.losses_worst)},
      {"missing", report.missing},
      {"pass", report.pass}}
      .dump();
}

}  // namespace eft
