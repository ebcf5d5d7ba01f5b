// bench_products [ROUNDS]: speed of the products of the models' linear layers in bf16, as a table: those of the forward
// pass and of the input's gradient (frozen weights have no other), packing included, beside oneDNN's in the same turns.
// bench_products head WIDTH SOFTCAP [ROUNDS]: head and cross-entropy of 512 tokens over 262,144 pieces, forward and
// gradient of the hidden states; prints "MILLISECONDS PERCENT_OF_PEAK MEGABYTES", the last beyond inputs and outputs.
// Medians.
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "backend/cpu/gemm_bf16.h"
#include "backend/cpu/peak.h"
#include "base/error.h"
#include "base/random.h"
#include "ops/cross_entropy/cross_entropy.h"
#include "timing.h"

namespace {

using namespace eft;
using bench::median;
using bench::seconds_of;

constexpr int kWarmUp = 2;

struct Layer {
  const char* name;
  std::int64_t inputs, outputs;
};
constexpr Layer kLayers[] = {{"Gemma 3 270M gate_proj", 640, 2048}, {"Gemma 3 270M down_proj", 2048, 640},
                             {"Gemma 3 1B gate_proj", 1152, 6912},  {"Gemma 4 E2B q_proj", 1536, 2048},
                             {"Gemma 4 E2B gate_proj", 1536, 6144}, {"Gemma 4 E2B down_proj", 6144, 1536},
                             {"Gemma 4 E4B gate_proj", 2560, 10240}};

Tensor random_matrix(Pool& pool, DType dtype, std::int64_t rows, std::int64_t columns, Random& random) {
  Tensor matrix(pool, Category::workspace, dtype, {rows, columns});
  dispatch(dtype, [&](auto tag) {
    using T = decltype(tag);
    T* values = matrix.view().as<T>();
    for (std::int64_t i = 0; i < rows * columns; ++i) values[i] = T(static_cast<float>(random.uniform()) - 0.5F);
  });
  return matrix;
}

/// One line of the table: a layer's product in eft, oneDNN's bf16 and oneDNN's f32 of the same sizes, in turns.
void print_product(const Layer& layer, std::int64_t tokens, bool forward, int rounds) {
  Pool pool(Device::cpu);
  Random random(1);
  const cpu::GemmShape shape{.m = tokens,
                             .n = forward ? layer.outputs : layer.inputs,
                             .k = forward ? layer.inputs : layer.outputs,
                             .transpose_b = forward};
  const auto weight = [&](DType dtype) { return random_matrix(pool, dtype, layer.outputs, layer.inputs, random); };
  const Tensor a = random_matrix(pool, DType::bf16, shape.m, shape.k, random), b = weight(DType::bf16);
  const Tensor wide_a = random_matrix(pool, DType::f32, shape.m, shape.k, random), wide_b = weight(DType::f32);
  Tensor c(pool, Category::workspace, DType::bf16, {shape.m, shape.n});
  Tensor wide_c(pool, Category::workspace, DType::f32, {shape.m, shape.n});
  std::vector<double> peaks, own, native, wide;
  for (int round = -kWarmUp; round < rounds; ++round) {
    const double peak = measure_peak_flops(DType::bf16);
    const double times[] = {seconds_of([&] { cpu::gemm(shape, a.view(), b.view(), c.view()); }),
                            seconds_of([&] { cpu::gemm_bf16_native(shape, a.view(), b.view(), c.view()); }),
                            seconds_of([&] { cpu::gemm(shape, wide_a.view(), wide_b.view(), wide_c.view()); })};
    if (round < 0) continue;
    peaks.push_back(peak);
    own.push_back(times[0]);
    native.push_back(times[1]);
    wide.push_back(times[2]);
  }
  const double operations = 2.0 * static_cast<double>(shape.m * shape.n * shape.k);
  const auto rate = [&](const std::vector<double>& seconds) { return operations / median(seconds) * 1e-9; };
  fmt::print("| {} | {} | {} | {:.0f} | {:.0f} % | {:.0f} | {:.0f} |\n", layer.name,
             forward ? "forward" : "input's gradient", tokens, rate(own), 100e9 * rate(own) / median(peaks),
             rate(native), rate(wide));
  std::fflush(stdout);
}

void print_products(int rounds) {
  fmt::print("| layer | pass | tokens | eft, GFLOP/s | of the peak | oneDNN bf16 | oneDNN f32 |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const std::int64_t tokens : {512, 2048}) {
    for (const Layer& layer : kLayers) {
      print_product(layer, tokens, true, rounds);
      print_product(layer, tokens, false, rounds);
    }
  }
}

void print_head(std::int64_t width, double softcap, int rounds) {
  constexpr std::int64_t kTokens = 512, kVocabulary = 262144;
  Pool pool(Device::cpu);
  Random random(1);
  const Tensor hidden = random_matrix(pool, DType::bf16, kTokens, width, random);
  const Var head(random_matrix(pool, DType::bf16, kVocabulary, width, random));
  std::vector<std::int32_t> targets(kTokens);
  for (std::size_t t = 0; t < targets.size(); ++t) targets[t] = static_cast<std::int32_t>(t * 511 % kVocabulary);
  const std::int64_t before = pool.live().total;
  std::vector<double> peaks, times;
  for (int round = -1; round < rounds; ++round) {
    const double peak = measure_peak_flops(DType::bf16);
    const double seconds = seconds_of([&] {
      Tape tape;
      Context ctx{.pool = &pool, .tape = &tape};
      const Var input = Var::leaf(hidden);
      tape.backward(ctx, cross_entropy(ctx, input, head, targets, {.softcap = softcap, .scale = 1.0 / kTokens}));
    });
    if (round < 0) continue;
    peaks.push_back(peak);
    times.push_back(seconds);
  }
  const double operations = 4.0 * static_cast<double>(kTokens * kVocabulary * width);
  fmt::print("{:.0f} {:.0f} {:.0f}\n", 1e3 * median(times), 100 * operations / median(times) / median(peaks),
             static_cast<double>(pool.peak().total - before) * 1e-6);
}

}  // namespace

int main(int count, char** arguments) {
  const bool head = count > 3 && std::string_view(arguments[1]) == "head";
  const int given = head ? 4 : 1;
  const int rounds = count > given ? std::atoi(arguments[given]) : 11;
  try {
    head ? print_head(std::atoi(arguments[2]), std::atof(arguments[3]), rounds) : print_products(rounds);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_products: {}\n", error.what());
    return 1;
  }
}
