#include "train/optimizers/optimizer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"

namespace eft {
namespace {

using Json = nlohmann::json;

OptimizerOptions options_of(const Json& test) {
  const Json& o = test["options"];
  OptimizerOptions options;
  if (test["kind"] == "sgd") options.kind = OptimizerKind::sgd;
  options.weight_decay = o.value("weight_decay", 0.0);
  options.adam_beta1 = o.value("beta1", options.adam_beta1);
  options.adam_beta2 = o.value("beta2", options.adam_beta2);
  options.adam_epsilon = o.value("epsilon", options.adam_epsilon);
  options.sgd = {o.value("momentum", 0.0), o.value("dampening", 0.0), o.value("nesterov", false)};
  return options;
}

/// A store of one parameter in f64 and its optimizer.
struct One {
  One(const OptimizerOptions& options, const std::vector<double>& start) {
    const auto size = static_cast<std::int64_t>(start.size());
    parameter = &store.add({.name = "w", .module = "w", .shape = {size}});
    parameter->value = Tensor(pool, Category::weights, DType::f64, {size});
    from_doubles(parameter->value, start);
    make_trainable(*parameter, pool);
    optimizer = make_optimizer(store, pool, options);
  }

  void step(const Json& step, double scale) {
    if (!step["gradient"].is_null()) {
      auto gradient = step["gradient"].get<std::vector<double>>();
      for (double& value : gradient) value /= scale;
      parameter->var().grad_target(pool);
      from_doubles(parameter->grad->tensor, gradient);
    }
    Context ctx{.pool = &pool};
    optimizer->step(ctx, step["learning_rate"], scale);
    EXPECT_FALSE(parameter->grad->filled);
  }

  Pool pool{Device::cpu};
  ParameterStore store;
  Parameter* parameter = nullptr;
  std::unique_ptr<Optimizer> optimizer;
};

// What torch's optimizers make of the same gradients: tools/golden/optimizers.py.
TEST(Optimizer, equals_torch_step_by_step) {
  const Json tests = Json::parse(read_text("tests/golden/data/optimizers.json"));
  ASSERT_GE(tests.size(), 7U);
  for (const Json& test : tests) {
    One one(options_of(test), test["start"]);
    EXPECT_EQ(one.optimizer->kind(), test["kind"].get<std::string>());
    for (const Json& step : test["steps"]) {
      one.step(step, 0.25);
      const std::vector<double> got = to_doubles(one.parameter->value);
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_NEAR(got[i], step["value"][i].get<double>(), 1e-13) << test["kind"] << test["options"];
      }
    }
    EXPECT_EQ(one.optimizer->steps(), static_cast<std::int64_t>(test["steps"].size()));
  }
}

// Its state, taken up by another one in the middle of a run, is all that the rest of the run depends on.
TEST(Optimizer, goes_on_from_its_state_bit_for_bit) {
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "eft_optimizer_state.safetensors";
  for (const Json& test : Json::parse(read_text("tests/golden/data/optimizers.json"))) {
    One whole(options_of(test), test["start"]), first(options_of(test), test["start"]);
    for (std::size_t i = 0; i < 4; ++i) whole.step(test["steps"][i], 1);
    for (std::size_t i = 0; i < 2; ++i) first.step(test["steps"][i], 1);
    write_safetensors(file, first.optimizer->state(), {});
    One second(options_of(test), to_doubles(first.parameter->value));
    second.optimizer->restore(Safetensors(file), first.optimizer->steps());
    for (std::size_t i = 2; i < 4; ++i) second.step(test["steps"][i], 1);
    EXPECT_EQ(to_doubles(second.parameter->value), to_doubles(whole.parameter->value)) << test["options"];
  }
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace eft
