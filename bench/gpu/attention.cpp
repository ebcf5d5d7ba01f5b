// bench_attention TOKENS HEADS KV_HEADS HEAD_DIM WINDOW SEGMENTS [DEVICE]: the time of bf16 attention, causal, over
// TOKENS tokens in SEGMENTS equal packed sequences; WINDOW 0 is none. Prints "FORWARD_MS FORWARD_TFLOPS BACKWARD_MS
// BACKWARD_TFLOPS", medians. Counted are the two products of the forward and the five of the backward pass, of the
// pairs that see each other.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/random.h"
#include "ops/attention/attention.h"
#include "tensor/device_memory.h"
#include "timing.h"

namespace {

using eft::Shape;
using eft::Tensor;
using eft::Var;
using eft::bench::Clock;
using eft::bench::median;
using eft::bench::seconds_since;

constexpr int kRounds = 20, kWarmUp = 3;

struct Sizes {
  std::int64_t tokens, heads, kv_heads, head_dim, window, segments;
};

Tensor random_tensor(eft::Pool& pool, const Shape& shape, std::uint64_t seed) {
  eft::Random random(seed);
  std::vector<double> values(static_cast<std::size_t>(shape.elements()));
  for (double& x : values) x = random.normal();
  Tensor tensor(pool, eft::Category::workspace, eft::DType::bf16, shape);
  eft::from_doubles(tensor, values);
  return tensor;
}

/// Query and key pairs that see each other, of one head.
double pairs(const Sizes& s) {
  const std::int64_t length = s.tokens / s.segments;
  const std::int64_t reach = s.window > 0 ? std::min(s.window, length) : length;
  const auto in_ramp = static_cast<double>(reach) * static_cast<double>(reach + 1) / 2;
  return static_cast<double>(s.segments) * (in_ramp + static_cast<double>(length - reach) * static_cast<double>(reach));
}

/// Waits for everything that was queued.
void finish(const Tensor& tensor) { static_cast<void>(eft::on_host(tensor.slice(0, 1))); }

void run(const Sizes& s, eft::Device device) {
  eft::Pool pool(device);
  const Shape queries{s.tokens, s.heads, s.head_dim}, keys{s.tokens, s.kv_heads, s.head_dim};
  std::vector<eft::AttentionSegment> segments;
  const std::int64_t length = s.tokens / s.segments;
  for (std::int64_t i = 0; i < s.segments; ++i) segments.push_back({i * length, length, i * length, length});
  const Tensor dout = random_tensor(pool, queries, 4);
  const Tensor values[] = {random_tensor(pool, queries, 1), random_tensor(pool, keys, 2), random_tensor(pool, keys, 3)};
  std::vector<double> forward, backward;
  for (int round = 0; round < kWarmUp + kRounds; ++round) {
    eft::Tape tape;
    eft::Context ctx{.pool = &pool, .tape = &tape};
    const Var q = Var::leaf(values[0]), k = Var::leaf(values[1]), v = Var::leaf(values[2]);
    finish(dout);
    const auto begin = Clock::now();
    const Var out = eft::attention(ctx, q, k, v, segments, {.scale = 0.06, .window = s.window});
    finish(out.value());
    const double forward_time = 1e3 * seconds_since(begin);
    const auto middle = Clock::now();
    std::vector<Tensor> seeds{dout};
    tape.backward(ctx, std::vector<Var>{out}, seeds);
    finish(q.grad());
    if (round < kWarmUp) continue;
    forward.push_back(forward_time);
    backward.push_back(1e3 * seconds_since(middle));
  }
  const double product = 2e-9 * pairs(s) * static_cast<double>(s.heads * s.head_dim);
  const double forward_time = median(forward), backward_time = median(backward);
  std::printf("%.3f %.1f %.3f %.1f\n", forward_time, 2 * product / forward_time, backward_time,
              5 * product / backward_time);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 7) {
    std::fputs("bench_attention TOKENS HEADS KV_HEADS HEAD_DIM WINDOW SEGMENTS [DEVICE]\n", stderr);
    return 2;
  }
  const auto number = [&](int i) { return std::strtoll(arguments[i], nullptr, 10); };
  try {
    run({number(1), number(2), number(3), number(4), number(5), number(6)},
        eft::take_device(count > 7 ? arguments[7] : "cuda"));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 5;
  }
}
