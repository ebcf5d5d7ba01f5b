#include "ops/support/profiler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "ops/linear/linear.h"
#include "ops/low_rank/low_rank.h"
#include "ops/support/kernel_list.h"
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
  Profile profile = make_profile(Device::cpu, 1);
  {
    const Profiler profiler(profile, Device::cpu);
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
  EXPECT_EQ(row.flops, 4 * 2.0 * 10 * 20 * 30);
  EXPECT_EQ(row.bytes, 4 * 4.0 * (300 + 600 + 200));
  EXPECT_GT(row.seconds, 0);
  EXPECT_LT(row.seconds, profile.step_seconds());
  EXPECT_EQ(profile.products().at("linear.forward 10 x 20 x 30").calls, 4);
  EXPECT_EQ(profile.events().size(), 3U);  // one traced step with two calls
}

TEST(Profiler, counts_a_kernel_inside_a_kernel_once) {
  Pool pool(Device::cpu);
  Context ctx{.pool = &pool};
  const Var x(filled(pool, {10, 30})), a(filled(pool, {2, 30})), b(filled(pool, {20, 2}));
  Profile profile = make_profile(Device::cpu, 1);
  const Profiler profiler(profile, Device::cpu);
  profile.begin_step();
  low_rank(ctx, Var(filled(pool, {10, 20})), x, a, b, 0.5);
  profile.end_step();
  double sum = 0;
  for (const auto& [name, row] : profile.rows()) sum += row.seconds;
  EXPECT_LE(sum, profile.step_seconds());
  EXPECT_EQ(profile.rows().at("low_rank.forward").flops, 2.0 * 10 * 2 * (30 + 20));
}

struct ToyKernels {
  int factor;
  int (*times)(int);
  int (*plus)(int);
};
using Factor = UntimedMember<&ToyKernels::factor>;
using Times = TimedMember<&ToyKernels::times>;
using Plus = TimedMember<&ToyKernels::plus>;
static_assert(kListsAll<ToyKernels, Factor, Times, Plus>);
static_assert(!kListsAll<ToyKernels, Factor, Times>, "one is missing");
static_assert(!kListsAll<ToyKernels, Factor, Times, Times>, "one is there twice, another is missing");

TEST(Profiler, has_the_list_of_every_slot) {
  for (const KernelSlotBase* slot : KernelSlotBase::all()) {
    if (slot->name() == "memory" || slot->name() == "clock") continue;  // of devices, and no op
    const auto list = std::ranges::find(kernel_lists(), slot, &KernelList::slot);
    ASSERT_NE(list, kernel_lists().end()) << slot->name() << ": no list_kernels() in the .cpp of its op";
    EXPECT_FALSE(list->names.empty()) << slot->name();
  }
}

/// A clock that is read as often as it ticks.
class CountingClock : public ProfileClock {
 public:
  std::size_t mark() override { return marks_++; }
  std::vector<double> take() override {
    std::vector<double> times;
    const std::size_t marks = std::exchange(marks_, 0);
    for (std::size_t i = 0; i < marks; ++i) times.push_back(static_cast<double>(now_++));
    return times;
  }

 private:
  std::size_t marks_ = 0;
  int now_ = 0;
};

TEST(Profile, takes_the_calls_inside_from_the_calls_around_them) {
  Profile profile(1, std::make_unique<CountingClock>(), {.bf16 = 4, .f32 = 2});
  profile.begin_step();                                 // 0
  profile.begin("outer");                               // 1
  profile.begin("inner");                               // 2
  profile.end({.flops = 8, .bf16 = true, .bytes = 1});  // 3
  profile.begin("inner");                               // 4
  profile.end({.flops = 8, .bytes = 1});                // 5
  profile.end({.bytes = 0});                            // 6
  profile.end_step();                                   // 7
  EXPECT_EQ(profile.step_seconds(), 7);
  EXPECT_EQ(profile.rows().at("outer").seconds, 3);
  EXPECT_EQ(profile.rows().at("inner").seconds, 2);
  EXPECT_EQ(profile.rows().at("inner").ideal_seconds, 8.0 / 4 + 8.0 / 2);
  ASSERT_EQ(profile.events().size(), 4U);
  EXPECT_EQ(profile.events()[0].seconds, 5);  // what is inside included
}

}  // namespace
}  // namespace eft
