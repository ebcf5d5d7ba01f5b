#include "train/objectives/objective.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "models/adapter.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "train/loop/stepper.h"
#include "train/optimizers/gradients.h"
#include "train/loop/tiny_run.h"

namespace eft::testing {
namespace {

/// y[0] = scale·Σ factors[i]·x[i]².
Var weighted_squares(Context& ctx, const Var& x, const std::vector<double>& factors, double scale) {
  Tensor y = ctx.output(DType::f64, {1});
  const std::vector<double> values = to_doubles(x.value());
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) sum += factors[i] * values[i] * values[i];
  from_doubles(y, {scale * sum});
  return ctx.result("weighted_squares", y, {&x}, [=](Context& backward_ctx, Tensor& dy) {
    x.grad_target(*backward_ctx.pool);
    std::vector<double> dx(values.size());
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = 2 * scale * item(dy) * factors[i] * values[i];
    from_doubles(x.slot()->tensor, dx);
  });
}

/// A second objective: the squares of the tokens' losses, each times its loss in a first pass, as a constant.
class Squares final : public TrainingObjective {
 public:
  double weight(const PackedRow& row) const override { return static_cast<double>(row.starts.size() - 1); }

  Var loss(Context& ctx, const Model& model, const PackedRow& row, double scale) override {
    if (!reference_.empty()) return squares(ctx, model, row, scale);
    Context first{.pool = ctx.pool};
    const Var reference = losses(first, model, row);
    reference_ = to_doubles(reference.value());
    return squares(ctx, model, row, scale);
  }
  void prepare(std::vector<PackedRow>& rows) override { rows.resize(1); }
  void add_metrics(MetricValues& values) override { values.emplace_back("reference", reference_.at(0)); }

 private:
  Var squares(Context& ctx, const Model& model, const PackedRow& row, double scale) {
    return weighted_squares(ctx, losses(ctx, model, row), reference_, scale);
  }
  static Var losses(Context& ctx, const Model& model, const PackedRow& row) {
    return token_losses(ctx, model.hidden(ctx, input_of(row), nullptr), model.head(), row.targets,
                        {.softcap = model.info().final_softcap});
  }

  std::vector<double> reference_;
};

constexpr const char* kModel = "tests/golden/data/gemma3";

/// A model of the golden tests with an adapter that changes what it computes.
OpenedModel adapted(const std::string& model, DType dtype, Pool& pool) {
  LoadOptions load{.dtype = dtype, .train_base = false, .adapter = read_adapter_options(model + "/adapter")};
  OpenedModel opened = open_model(model, load, pool);
  load_adapter(*opened.model, pool, model + "/adapter");
  train_adapter(*opened.model, pool);
  Random random(3);
  for (Parameter& parameter : opened.model->parameters()) {
    if (!parameter.trainable()) continue;
    std::vector<double> values(static_cast<std::size_t>(parameter.shape.elements()));
    for (double& value : values) value = 0.2 * random.normal();
    from_doubles(parameter.value, values);
  }
  return opened;
}

PackedRow some_row() {
  const std::vector<Example> examples = random_examples(2, 251, 11);
  return Loader(examples, {.sequence_len = 64, .micro_batch_size = 2, .shuffle = false}).next();
}

/// The gradient of a second objective against a central difference, plainly and with replayed layers.
TEST(Objective, a_second_one_needs_its_own_code_only) {
  Pool pool(Device::cpu);
  OpenedModel opened = adapted(kModel, DType::f64, pool);
  Squares objective;
  TrainOptions options;
  const auto optimizer = make_optimizer(opened.model->parameters(), pool, options.optimizer, 1);
  std::vector<PackedRow> rows{some_row(), some_row()};
  objective.prepare(rows);
  ASSERT_EQ(rows.size(), 1U);
  Parameter& parameter = *std::ranges::find_if(opened.model->parameters(), &Parameter::trainable);
  std::vector<double> gradients[2];
  for (const bool recompute : {false, true}) {
    options.gradient_checkpointing = recompute;
    Stepper stepper(*opened.model, pool, objective, *optimizer, options);
    const StepResult result = stepper.accumulate(rows, 0);
    EXPECT_EQ(result.extra.at(0).first, "reference");
    EXPECT_GT(result.extra.at(0).second, 0);
    gradients[recompute ? 1 : 0] = to_doubles(parameter.grad->tensor);
    discard_gradients(opened.model->parameters());
  }
  EXPECT_EQ(gradients[0], gradients[1]);

  const std::vector<double> values = to_doubles(parameter.value);
  const auto loss_with = [&](std::size_t element, double step) {
    std::vector<double> moved = values;
    moved[element] += step;
    from_doubles(parameter.value, moved);
    Context ctx{.pool = &pool};
    return item(objective.loss(ctx, *opened.model, rows[0], 0.5).value());  // two sequences
  };
  for (const std::size_t element : {0U, 7U}) {
    constexpr double kStep = 1e-5;
    const double slope = (loss_with(element, kStep) - loss_with(element, -kStep)) / (2 * kStep);
    EXPECT_NEAR(gradients[0][element], slope, 1e-6 * std::abs(slope)) << element;
  }
}

TEST(Objective, steps_lower_whatever_it_is) {
  Pool pool(Device::cpu);
  OpenedModel opened = adapted(kModel, DType::f32, pool);
  Squares objective;
  const TrainOptions options;
  const auto optimizer = make_optimizer(opened.model->parameters(), pool, options.optimizer, 1);
  Stepper stepper(*opened.model, pool, objective, *optimizer, options);
  const PackedRow row = some_row();
  std::vector<double> losses;
  for (std::int64_t step = 0; step < 10; ++step) losses.push_back(stepper.step({&row, 1}, 0.01, step).loss);
  EXPECT_LT(losses.back(), 0.8 * losses.front());
}

}  // namespace
}  // namespace eft::testing
