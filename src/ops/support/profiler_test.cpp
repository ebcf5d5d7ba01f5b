#include "ops/support/profiler.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ops/linear/linear.h"
#include "ops/low_rank/low_rank.h"
#include "ops/support/op_case.h"

namespace eft {
namespace {

Tensor filled(Pool& pool, Shape shape) {
  Tensor tensor(pool, Category::workspace, DType::f32, std::move(shape));
  from_doubles(tensor, std::vector<double>(static_cast<std::size_t>(tensor.elements()), 0.5));
  return tensor;
}

TEST(Profiler, counts_calls_operations_and_bytes_while_it_lives) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var x(filled(pool, {10, 30})), weight(filled(pool, {20, 30}));
  auto* const plain = linear_kernels.find(Device::cpu)->forward;
  Profile profile(1);
  {
    const Profiler profiler(profile);
    for (int step = 0; step < 3; ++step) {
      profile.begin_step();
      linear(ctx, x, weight);
      linear(ctx, x, weight);
      profile.end_step();
    }
    linear(ctx, x, weight);  // between the steps
  }
  linear(ctx, x, weight);
  EXPECT_EQ(linear_kernels.find(Device::cpu)->forward, plain);
  EXPECT_EQ(profile.steps(), 2);  // the first prepares
  const Profile::Row& row = profile.rows().at("linear.forward");
  EXPECT_EQ(row.calls, 4);
  EXPECT_EQ(row.work.flops, 4 * 2.0 * 10 * 20 * 30);
  EXPECT_EQ(row.work.bytes, 4 * 4.0 * (300 + 600 + 200));
  EXPECT_GT(row.seconds, 0);
  EXPECT_LT(row.seconds, profile.step_seconds());
  EXPECT_EQ(profile.products().at("linear.forward 10 x 20 x 30").calls, 4);
  EXPECT_EQ(profile.events().size(), 3U);  // one traced step with two calls
}

TEST(Profiler, counts_a_kernel_inside_a_kernel_once) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var x(filled(pool, {10, 30})), a(filled(pool, {2, 30})), b(filled(pool, {20, 2}));
  Profile profile(1);
  const Profiler profiler(profile);
  profile.begin_step();
  low_rank(ctx, Var(filled(pool, {10, 20})), x, a, b, 0.5);
  profile.end_step();
  double sum = 0;
  for (const auto& [name, row] : profile.rows()) sum += row.seconds;
  EXPECT_LE(sum, profile.step_seconds());
  EXPECT_EQ(profile.rows().at("low_rank.forward").work.flops, 2.0 * 10 * 2 * (30 + 20));
}

TEST(Profiler, knows_every_slot) {
  const std::vector<std::string> kernels = profiled_kernels();
  for (const KernelSlotBase* slot : KernelSlotBase::all()) {
    if (slot->name() == "memory") continue;  // of a device
    const std::string start = std::string(slot->name()) + ".";
    EXPECT_TRUE(std::ranges::any_of(kernels, [&](const auto& name) { return name.starts_with(start); }))
        << slot->name();
  }
}

}  // namespace
}  // namespace eft
