#include "train/optimizers/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "schema/read.h"
#include "schema/yaml.h"

namespace eft {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kStride = 61;  ///< of the values that are kept of a large parameter

OptimizerOptions options_of(const Json& test) {
  Json keys = test["options"];
  keys["optimizer"] = test["kind"];
  OptimizerOptions options;
  read_value(parse_yaml(keys.dump(), "case"), "", options, {});
  return options;
}

/// Element i of a gradient, or of the start (step 0), of a large parameter.
double formula(std::size_t i, std::size_t step) {
  const auto x = static_cast<double>(i), s = static_cast<double>(step);
  return std::pow(std::sin(x * 0.7311 + s * 1.37), 3) * std::exp(2 * std::cos(x * 0.3 + s));
}

/// A store of one parameter and its optimizer: in f64 where the case lists all values, in f32 where a formula makes
/// them.
struct One {
  One(const Json& golden, const std::vector<double>& start) : test(golden) {
    const auto extents = test["shape"].get<std::vector<std::int64_t>>();
    const Shape shape{std::span<const std::int64_t>(extents)};
    const std::string name = test.value("name", "w");
    parameter = &store.add({.name = name, .module = name, .shape = shape});
    parameter->value = Tensor(pool, Category::weights, large() ? DType::f32 : DType::f64, shape);
    from_doubles(parameter->value, start);
    make_trainable(*parameter, pool);
    optimizer = make_optimizer(store, pool, options_of(test), 1);
  }
  explicit One(const Json& golden) : One(golden, start_of(golden)) {}

  static std::vector<double> start_of(const Json& golden) {
    if (golden.contains("start")) return golden["start"];
    std::size_t count = 1;
    for (const std::size_t extent : golden["shape"]) count *= extent;
    return drawn(count, 0);
  }
  static std::vector<double> drawn(std::size_t count, std::size_t step) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = formula(i, step);
    return values;
  }

  bool large() const { return !test.contains("start"); }
  std::size_t steps() const { return test["steps"].size(); }

  void step(std::size_t index, double scale) {
    const Json& golden = test["steps"][index];
    std::vector<double> gradient;
    if (large()) {
      gradient = drawn(static_cast<std::size_t>(parameter->shape.elements()), index + 1);
    } else if (!golden["gradient"].is_null()) {
      gradient = golden["gradient"].get<std::vector<double>>();
    }
    if (!gradient.empty()) {
      for (double& value : gradient) value /= scale;
      parameter->var().grad_target(pool);
      from_doubles(parameter->grad->tensor, gradient);
    }
    Context ctx{.pool = &pool};
    optimizer->step(ctx, golden["learning_rate"], scale);
    EXPECT_FALSE(parameter->grad->filled);
  }

  std::vector<double> values() const { return to_doubles(parameter->value); }

  const Json& test;
  Pool pool{Device::cpu};
  ParameterStore store;
  Parameter* parameter = nullptr;
  std::unique_ptr<Optimizer> optimizer;
};

Json cases() { return Json::parse(read_text("tests/golden/data/optimizers.json")); }

/// Codes are those of the library, but where a value lay so near to the middle of two that f32 decides otherwise.
void expect_codes(const std::vector<std::int64_t>& wanted, const Tensor& got) {
  std::size_t others = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::int64_t distance = std::abs(got.data<std::uint8_t>()[7 * i] - wanted[i]);
    EXPECT_LE(distance, 1) << i;
    others += distance == 0 ? 0 : 1;
  }
  EXPECT_LE(others, wanted.size() / 100);
}

void expect_state(const Json& wanted, const NamedTensors& state) {
  for (const auto& [name, tensor] : state) {
    const Json& values = wanted.at(name.substr(0, name.find('.')));
    if (name.find("_codes") != name.npos) {
      expect_codes(values, tensor);
    } else {
      const auto scales = values.get<std::vector<double>>();
      const std::vector<double> got = to_doubles(tensor);
      ASSERT_EQ(got.size(), scales.size());
      for (std::size_t i = 0; i < scales.size(); ++i) EXPECT_NEAR(got[i], scales[i], 2e-6 * std::abs(scales[i]));
    }
  }
}

// What the library that owns an optimizer makes of the same gradients: tools/golden/optimizers.py.
TEST(Optimizer, equals_its_library_step_by_step) {
  const Json tests = cases();
  ASSERT_GE(tests.size(), 10U);
  for (const Json& test : tests) {
    SCOPED_TRACE(test["kind"].get<std::string>() + test["options"].dump() + test["shape"].dump());
    One one(test);
    const double tolerance = one.large() ? 3e-6 : 1e-12;
    for (std::size_t s = 0; s < one.steps(); ++s) {
      one.step(s, 0.25);
      const std::vector<double> got = one.values();
      const auto wanted = test["steps"][s]["value"].get<std::vector<double>>();
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_NEAR(got[one.large() ? i * kStride : i], wanted[i], tolerance * std::max(1.0, std::abs(wanted[i])));
      }
    }
    EXPECT_EQ(one.optimizer->steps(), static_cast<std::int64_t>(one.steps()));
    if (one.large()) expect_state(test["state"], one.optimizer->state());
  }
}

// Its state, taken up by another one in the middle of a run, is all that the rest of the run depends on.
TEST(Optimizer, goes_on_from_its_state_bit_for_bit) {
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "eft_optimizer_state.safetensors";
  for (const Json& test : cases()) {
    SCOPED_TRACE(test["kind"].get<std::string>() + test["options"].dump());
    One whole(test), first(test);
    for (std::size_t s = 0; s < 4; ++s) whole.step(s, 1);
    for (std::size_t s = 0; s < 2; ++s) first.step(s, 1);
    write_safetensors(file, first.optimizer->state(), {});
    One second(test, first.values());
    second.optimizer->restore(Safetensors(file), first.optimizer->steps());
    for (std::size_t s = 2; s < 4; ++s) second.step(s, 1);
    EXPECT_EQ(second.values(), whole.values());
  }
  std::filesystem::remove(file);
}

TEST(Optimizer, refuses_state_of_other_parameters) {
  const std::filesystem::path file = std::filesystem::path(::testing::TempDir()) / "eft_optimizer_other.safetensors";
  const Json tests = cases();
  Json renamed = tests.back();
  renamed["name"] = "other";
  One one(renamed), other(tests.back());
  one.step(0, 1);
  write_safetensors(file, one.optimizer->state(), {});
  EXPECT_THROW(other.optimizer->restore(Safetensors(file), 1), FileError);
  std::filesystem::remove(file);
}

// Two bytes and the scales for large tensors that are no embeddings, where AdamW takes eight.
TEST(Optimizer, eight_bit_state_takes_the_memory_that_is_promised) {
  const auto bytes = [](OptimizerKind kind, const char* name, std::int64_t elements) {
    Pool pool(Device::meta, Device::cpu);
    ParameterStore store;
    Parameter& parameter = store.add({.name = name, .module = name, .shape = {elements}});
    parameter.value = Tensor(pool, Category::weights, DType::f32, {elements});
    make_trainable(parameter, pool);
    OptimizerOptions options;
    options.kind = kind;
    const auto optimizer = make_optimizer(store, pool, options, 1);
    return pool.live()[Category::optimizer];
  };
  const auto held = [](std::int64_t size) { return (size + 63) / 64 * 64; };  // by the pool
  using enum OptimizerKind;
  EXPECT_EQ(bytes(adamw, "w", 1 << 20), 8 << 20);
  EXPECT_EQ(bytes(adamw_8bit, "w", 1 << 20), (2 << 20) + 2 * 4 * 4096);
  EXPECT_EQ(bytes(adamw_8bit, "model.embed_tokens.weight", 1 << 20), 8 << 20);
  EXPECT_EQ(bytes(adamw_torch_8bit, "model.embed_tokens.weight", 1 << 20), (2 << 20) + 2 * 4 * 4096);
  EXPECT_EQ(bytes(adamw_8bit, "w", 4100), 2 * held(4100) + 2 * held(4 * 17));
  EXPECT_EQ(bytes(adamw_torch_8bit, "w", 4100), 2 * held(4 * 4100));
  EXPECT_EQ(bytes(adamw_8bit, "w", 4095), 2 * held(4 * 4095));
}

}  // namespace
}  // namespace eft
