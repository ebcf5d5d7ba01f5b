// The gradient and parity rings: every registered op case in f64 against central differences, and in f32 and bf16
// against f64.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/random.h"
#include "ops/support/op_case.h"
#include "ops/support/tolerance.h"
#include "tensor/device_memory.h"

namespace eft {
namespace {

std::vector<OpCase>& registry() {
  static std::vector<OpCase> cases;
  return cases;
}

using Values = std::vector<std::vector<double>>;

Values random_inputs(const OpCase& op_case, std::uint64_t seed) {
  Values values;
  Random random(seed);
  for (const OpInput& input : op_case.inputs) {
    auto& value = values.emplace_back(static_cast<std::size_t>(input.shape.elements()));
    for (double& x : value) {
      const double normal = random.normal();
      const double apart = normal + std::copysign(input.gap, normal);
      x = static_cast<double>(BFloat16(static_cast<float>(apart * input.scale + input.shift)));
    }
  }
  return values;
}

struct Results {
  double loss = 0;
  Values outputs;
  Values grads;  ///< empty for inputs that want none
};

std::vector<Var> make_inputs(const OpCase& op_case, const Values& values, DType dtype, Pool& pool) {
  std::vector<Var> inputs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const OpInput& input = op_case.inputs[i];
    Tensor value(pool, Category::workspace, dtype, input.shape);
    from_doubles(value, values[i]);
    Var var = input.wants_grad ? Var::leaf(value) : Var(value);
    if (input.wants_grad && input.parameter) var.slot()->dtype = accumulator_of(dtype);
    inputs.push_back(var);
  }
  return inputs;
}

/// Runs the case in `dtype`. The loss is Σ w·output with fixed random w; `twice` runs backward so that every gradient
/// is added to what is there, and halves it.
Results run(const OpCase& op_case, const Values& values, DType dtype, bool backward, bool twice = false,
            Device device = Device::cpu) {
  Pool pool(device);
  Results results;
  const std::vector<Var> inputs = make_inputs(op_case, values, dtype, pool);
  for (int pass = 0; pass < (twice ? 2 : 1); ++pass) {
    Tape tape;
    Context ctx{.pool = &pool, .tape = backward ? &tape : nullptr, .dropout_seed = 5};
    const std::vector<Var> outputs = op_case.run(ctx, inputs);
    Random random(99);
    std::vector<Tensor> seeds;
    results.loss = 0;
    results.outputs.clear();
    for (const Var& output : outputs) {
      results.outputs.push_back(to_doubles(output.value()));
      std::vector<double> weights(results.outputs.back().size());
      for (double& weight : weights) weight = static_cast<double>(BFloat16(static_cast<float>(random.normal())));
      if (weights.size() == 1) weights[0] = 1.0;  // loss roots take gradient 1 only
      for (std::size_t i = 0; i < weights.size(); ++i) results.loss += weights[i] * results.outputs.back()[i];
      Tensor seed(pool, Category::workspace, output.dtype(), output.shape());
      from_doubles(seed, weights);
      seeds.push_back(seed);
    }
    if (backward) tape.backward(ctx, outputs, seeds);
  }
  for (const Var& input : inputs) {
    results.grads.push_back(input.grad() ? to_doubles(input.grad()) : std::vector<double>());
    if (twice) {
      for (double& x : results.grads.back()) x /= 2;
    }
  }
  return results;
}

void expect_close(const std::vector<double>& got, const std::vector<double>& wanted, Tolerance bound,
                  const std::string& what) {
  ASSERT_EQ(got.size(), wanted.size()) << what;
  double difference = 0, squares = 0, worst = 0, largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double delta = got[i] - wanted[i];
    difference += delta * delta;
    squares += wanted[i] * wanted[i];
    worst = std::max(worst, std::abs(delta));
    largest = std::max(largest, std::abs(wanted[i]));
    ASSERT_FALSE(std::isnan(got[i])) << what;
  }
  EXPECT_LE(difference, bound.nmse * squares + 1e-300) << what;
  EXPECT_LE(worst, bound.worst * largest + 1e-300) << what;
}

class OpRing : public testing::TestWithParam<OpCase> {};

TEST_P(OpRing, gradient_equals_central_difference_in_f64) {
  const OpCase& op_case = GetParam();
  const Values values = random_inputs(op_case, 1);
  const Results analytic = run(op_case, values, DType::f64, true);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!op_case.inputs[i].wants_grad) continue;
    ASSERT_FALSE(analytic.grads[i].empty()) << "no gradient reached input " << i;
    Random random(40 + i);
    std::vector<double> direction(values[i].size());
    for (double& x : direction) x = random.normal();
    double slope = 0, length = 0;
    for (std::size_t j = 0; j < direction.size(); ++j) {
      slope += direction[j] * analytic.grads[i][j];
      length += std::abs(direction[j] * analytic.grads[i][j]);
    }
    constexpr double kStep = 1e-5;
    const auto loss_at = [&](double step) {
      Values moved = values;
      for (std::size_t j = 0; j < direction.size(); ++j) moved[i][j] += step * direction[j];
      return run(op_case, moved, DType::f64, false).loss;
    };
    // Fourth order, so that the bound measures the gradient and not the difference formula.
    const double numeric =
        (8 * (loss_at(kStep) - loss_at(-kStep)) - (loss_at(2 * kStep) - loss_at(-2 * kStep))) / (12 * kStep);
    EXPECT_LE(std::abs(slope - numeric), kGradientBound * std::max(std::abs(numeric), 0.1 * length + 1e-12))
        << "input " << i << ": " << slope << " against " << numeric;
  }
}

TEST_P(OpRing, gradients_add_up) {
  const Values values = random_inputs(GetParam(), 2);
  const Results once = run(GetParam(), values, DType::f64, true);
  const Results twice = run(GetParam(), values, DType::f64, true, true);
  for (std::size_t i = 0; i < values.size(); ++i) {
    expect_close(twice.grads[i], once.grads[i], op_tolerance(DType::f64), "gradient " + std::to_string(i));
  }
}

TEST_P(OpRing, f32_and_bf16_follow_f64) {
  if (!GetParam().smooth) return;
  const Values values = random_inputs(GetParam(), 3);
  const Results truth = run(GetParam(), values, DType::f64, true);
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Results got = run(GetParam(), values, dtype, true);
    for (std::size_t i = 0; i < truth.outputs.size(); ++i) {
      expect_close(got.outputs[i], truth.outputs[i], op_tolerance(dtype),
                   std::string(name_of(dtype)) + " output " + std::to_string(i));
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      expect_close(got.grads[i], truth.grads[i], op_tolerance(dtype),
                   std::string(name_of(dtype)) + " gradient " + std::to_string(i));
    }
  }
}

/// Why no test can run on CUDA here; empty when it can.
std::string why_no_cuda() {
  try {
    take_device(name_of(Device::cuda));
    return "";
  } catch (const DeviceError& error) {
    return error.what();
  }
}

class OpRingCuda : public testing::TestWithParam<OpCase> {};

/// f64 against the same f64 on the CPU; f32 and bf16 against it within the bounds that the CPU's own have.
TEST_P(OpRingCuda, follows_the_cpu) {
  if (const std::string reason = why_no_cuda(); !reason.empty()) GTEST_SKIP() << reason;
  const Values values = random_inputs(GetParam(), 3);
  const Results truth = run(GetParam(), values, DType::f64, true);
  for (const DType dtype : {DType::f64, DType::f32, DType::bf16}) {
    if (!GetParam().smooth && dtype != DType::f64) continue;
    for (const bool twice : {false, true}) {
      const Results got = run(GetParam(), values, dtype, true, twice, Device::cuda);
      const std::string what = std::string(name_of(dtype)) + (twice ? " added up, " : " ");
      for (std::size_t i = 0; i < truth.outputs.size(); ++i) {
        expect_close(got.outputs[i], truth.outputs[i], op_tolerance(dtype), what + "output " + std::to_string(i));
      }
      for (std::size_t i = 0; i < values.size(); ++i) {
        expect_close(got.grads[i], truth.grads[i], op_tolerance(dtype), what + "gradient " + std::to_string(i));
      }
    }
  }
}

TEST_P(OpRing, runs_on_meta) {
  Pool pool(Device::meta);
  Tape tape;
  Context ctx{.pool = &pool, .tape = &tape};
  std::vector<Var> inputs;
  for (const OpInput& input : GetParam().inputs) {
    const Tensor value(pool, Category::workspace, DType::bf16, input.shape);
    inputs.push_back(input.wants_grad ? Var::leaf(value) : Var(value));
  }
  const std::vector<Var> outputs = GetParam().run(ctx, inputs);
  std::vector<Tensor> seeds;
  for (const Var& output : outputs) seeds.emplace_back(pool, Category::workspace, output.dtype(), output.shape());
  tape.backward(ctx, outputs, seeds);
  EXPECT_EQ(tape.nodes(), 0U);
}

std::string case_name(const testing::TestParamInfo<OpCase>& info) {
  std::string name = info.param.name;
  std::ranges::replace_if(
      name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, OpRing, testing::ValuesIn(op_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(All, OpRingCuda, testing::ValuesIn(op_cases()), case_name);

TEST(KernelSlots, each_has_a_cpu_kernel_and_a_case) {
  std::set<std::string> covered;
  for (const OpCase& op_case : op_cases()) covered.insert(op_case.slot);
  ASSERT_FALSE(KernelSlotBase::all().empty());
  for (const KernelSlotBase* slot : KernelSlotBase::all()) {
    if (slot->name() == "memory" || slot->name() == "clock") continue;  // of devices, and no op
    EXPECT_TRUE(slot->has(Device::cpu)) << slot->name();
    EXPECT_TRUE(slot->has(Device::cuda) || !device_memory.has(Device::cuda)) << slot->name() << " on cuda";
    EXPECT_TRUE(covered.contains(std::string(slot->name()))) << "no op case covers " << slot->name();
  }
}

}  // namespace

bool add_op_case(OpCase op_case) {
  registry().push_back(std::move(op_case));
  return true;
}

const std::vector<OpCase>& op_cases() { return registry(); }

Tensor integers(Context& ctx, const std::vector<std::int32_t>& values) {
  Tensor tensor(*ctx.pool, Category::workspace, DType::i32, {static_cast<std::int64_t>(values.size())});
  if (ctx.device() == Device::meta) return tensor;
  if (const auto* memory = memory_of(ctx.device())) {
    memory->from_host(tensor.raw(), values.data(), tensor.bytes());
  } else {
    std::ranges::copy(values, tensor.data<std::int32_t>());
  }
  return tensor;
}

}  // namespace eft
