// ops_bench [--device=cpu] [--dtype=bf16] [FLAGS OF GOOGLE BENCHMARK]: the time of every case that the ops' tests
// describe, and of the calls of a decoder layer and its loss in the widths of real models, over 512 tokens. "forward"
// is the pass without a tape, "training" forward and backward. Operations and bytes are those that the kernels' lists
// state. Take one op with --benchmark_filter='^rms_norm', the real widths with --benchmark_filter='^model'.
#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "base/random.h"
#include "ops/attention/attention.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "ops/geglu/geglu.h"
#include "ops/linear/linear.h"
#include "ops/low_rank/low_rank.h"
#include "ops/rms_norm/rms_norm.h"
#include "ops/support/op_case.h"
#include "ops/support/profiler.h"
#include "tensor/device_clock.h"
#include "tensor/device_memory.h"

namespace {

using namespace eft;

struct Settings {
  Device device = Device::cpu;
  DType dtype = DType::bf16;
};

struct Model {
  const char* name;
  std::int64_t hidden, intermediate, heads, kv_heads, head_dim, window, vocabulary;
};
constexpr Model kModels[] = {{"gemma3_270m", 640, 2048, 4, 1, 256, 512, 262144},
                             {"gemma4_e2b", 1536, 6144, 8, 1, 256, 512, 262144},
                             {"gemma3_12b", 3840, 15360, 16, 8, 256, 1024, 262144}};
constexpr std::int64_t kTokens = 512, kRank = 16;

OpInput activation(Shape shape) { return {.shape = std::move(shape)}; }
OpInput frozen(Shape shape) { return {.shape = std::move(shape), .wants_grad = false, .scale = 0.02}; }
OpInput adapter(Shape shape) { return {.shape = std::move(shape), .scale = 0.02, .parameter = true}; }

using Inputs = std::span<const Var>;
using Outputs = std::vector<Var>;

/// The calls of one layer and of the loss, with frozen weights.
std::vector<OpCase> cases_of(const Model& m) {
  const auto name = [&](const char* what) { return fmt::format("model/{}/{}", m.name, what); };
  std::vector<OpCase> cases;
  const auto add = [&](const char* what, std::vector<OpInput> inputs, auto run) {
    cases.push_back({.name = name(what), .slot = {}, .inputs = std::move(inputs), .run = run});
  };
  add("gate_proj", {activation({kTokens, m.hidden}), frozen({m.intermediate, m.hidden})},
      [](Context& ctx, Inputs in) { return Outputs{linear(ctx, in[0], in[1])}; });
  add("down_proj", {activation({kTokens, m.intermediate}), frozen({m.hidden, m.intermediate})},
      [](Context& ctx, Inputs in) { return Outputs{linear(ctx, in[0], in[1])}; });
  add("gate_proj_with_lora",
      {activation({kTokens, m.hidden}), frozen({m.intermediate, m.hidden}), adapter({kRank, m.hidden}),
       adapter({m.intermediate, kRank})},
      [](Context& ctx, Inputs in) { return Outputs{linear_with_low_rank(ctx, in[0], in[1], in[2], in[3], 1.0)}; });
  add("rms_norm", {activation({kTokens, m.hidden}), frozen({m.hidden})},
      [](Context& ctx, Inputs in) { return Outputs{rms_norm(ctx, in[0], in[1])}; });
  add("geglu", {activation({kTokens, m.intermediate}), activation({kTokens, m.intermediate})},
      [](Context& ctx, Inputs in) { return Outputs{geglu(ctx, in[0], in[1])}; });
  const Shape keys{kTokens, m.kv_heads, m.head_dim};
  add("attention", {activation({kTokens, m.heads, m.head_dim}), activation(keys), activation(keys)},
      [window = m.window](Context& ctx, Inputs in) {
        return Outputs{
            attention(ctx, in[0], in[1], in[2], {{0, kTokens, 0, kTokens}}, {.scale = 1.0 / 16, .window = window})};
      });
  add("head_and_loss", {activation({kTokens, m.hidden}), frozen({m.vocabulary, m.hidden})},
      [vocabulary = m.vocabulary](Context& ctx, Inputs in) {
        std::vector<std::int32_t> targets(kTokens);
        for (std::size_t t = 0; t < targets.size(); ++t) targets[t] = static_cast<std::int32_t>(t * 511 % vocabulary);
        return Outputs{cross_entropy(ctx, in[0], in[1], targets, {.scale = 1.0 / kTokens})};
      });
  return cases;
}

/// Random values, repeated after a million: the values of a large weight do not matter, drawing them takes long.
Tensor random_tensor(const OpInput& input, DType dtype, Pool& pool, std::uint64_t seed) {
  constexpr std::int64_t kDrawn = 1 << 20;
  Pool host(Device::cpu);
  Tensor here(host, Category::workspace, dtype, {input.shape.elements()});
  Random random(seed);
  const std::int64_t drawn = std::min(kDrawn, here.elements());
  std::vector<double> values(static_cast<std::size_t>(drawn));
  for (double& x : values) x = random.normal() * input.scale + input.shift;
  for (std::int64_t begin = 0; begin < here.elements(); begin += drawn) {
    Tensor part = here.slice(begin, std::min(begin + drawn, here.elements()));
    values.resize(static_cast<std::size_t>(part.elements()));
    from_doubles(part, values);
  }
  Tensor there(pool, Category::workspace, dtype, input.shape);
  if (const auto* memory = memory_of(pool.device())) {
    memory->from_host(there.raw(), here.raw(), here.bytes());
    return there;
  }
  return here.reshape(input.shape);
}

/// One case's inputs and how often it is called.
class Bench {
 public:
  Bench(const OpCase& op_case, const Settings& settings)
      : case_(op_case), pool_(settings.device), profile_(make_profile(settings.device, 0)) {
    for (std::size_t i = 0; i < case_.inputs.size(); ++i) {
      const OpInput& input = case_.inputs[i];
      const Tensor value = random_tensor(input, settings.dtype, pool_, i);
      inputs_.push_back(input.wants_grad ? Var::leaf(value) : Var(value));
      if (input.wants_grad && input.parameter) inputs_.back().slot()->dtype = accumulator_of(settings.dtype);
    }
  }

  void call(bool training) {
    Tape tape;
    Context ctx{.pool = &pool_, .tape = training ? &tape : nullptr, .dropout_seed = 5, .training = training};
    const Outputs outputs = case_.run(ctx, inputs_);
    if (!training) return;
    if (seeds_.empty()) {
      for (const Var& output : outputs) {
        const OpInput ones{.shape = output.shape(), .scale = 0, .shift = 1};
        seeds_.push_back(random_tensor(ones, output.dtype(), pool_, 0));
      }
    }
    std::vector<Tensor> seeds = seeds_;
    tape.backward(ctx, outputs, seeds);
  }

  /// Operations and bytes of one call, by the kernels' lists.
  std::pair<double, double> work(bool training, Device device) {
    const Profiler profiler(profile_, device);
    profile_.begin_step();
    call(training);
    profile_.end_step();
    double flops = 0, bytes = 0;
    for (const auto& [name, row] : profile_.rows()) {
      flops += row.flops;
      bytes += row.bytes;
    }
    return {flops, bytes};
  }

 private:
  const OpCase& case_;
  Pool pool_;
  Profile profile_;
  std::vector<Var> inputs_;
  std::vector<Tensor> seeds_;
};

std::unique_ptr<ProfileClock> clock_of(Device device) {
  return device == Device::cpu ? host_clock() : device_clocks.find(device)->make();
}

void measure(benchmark::State& state, const OpCase& op_case, const Settings& settings, bool training) {
  Bench bench(op_case, settings);
  const auto [flops, bytes] = bench.work(training, settings.device);
  const auto clock = clock_of(settings.device);
  for (auto _ : state) {
    clock->mark();
    bench.call(training);
    clock->mark();
    const std::vector<double> times = clock->take();
    state.SetIterationTime(times[1] - times[0]);
  }
  const auto calls = static_cast<double>(state.iterations());
  if (flops > 0) state.counters["FLOP/s"] = {flops * calls, benchmark::Counter::kIsRate};
  state.counters["B/s"] = {bytes * calls, benchmark::Counter::kIsRate};
}

void add(const OpCase& op_case, const Settings& settings) {
  for (const bool training : {false, true}) {
    const std::string name = op_case.name + (training ? "/training" : "/forward");
    benchmark::RegisterBenchmark(
        name.c_str(),
        [&op_case, settings, training](benchmark::State& state) { measure(state, op_case, settings, training); })
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
}

/// Takes our own flags out of the arguments. Throws ConfigError for a value that is none.
Settings take_settings(int& count, char** arguments) {
  Settings settings;
  int kept = 1;
  for (int i = 1; i < count; ++i) {
    const std::string_view flag = arguments[i];
    if (flag.starts_with("--device=")) {
      settings.device = take_device(flag.substr(9));
    } else if (flag.starts_with("--dtype=")) {
      const std::string_view name = flag.substr(8);
      bool known = false;
      for (const DType dtype : {DType::bf16, DType::f32, DType::f64}) {
        if (name != name_of(dtype)) continue;
        settings.dtype = dtype;
        known = true;
      }
      if (!known) throw ConfigError("--dtype: {}: expected bf16, f32 or f64", name);
    } else {
      arguments[kept++] = arguments[i];
    }
  }
  count = kept;
  return settings;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const Settings settings = take_settings(count, arguments);
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
    std::vector<OpCase> of_models;
    for (const Model& model : kModels) {
      for (OpCase& op_case : cases_of(model)) of_models.push_back(std::move(op_case));
    }
    for (const OpCase& op_case : op_cases()) add(op_case, settings);
    for (const OpCase& op_case : of_models) add(op_case, settings);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    fmt::print(stderr, "ops_bench: {}\n", error.what());
    return 1;
  }
}
