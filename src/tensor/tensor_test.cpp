#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tensor/kernel_slot.h"

namespace eft {
namespace {

TEST(BFloat16, rounds_to_nearest_even_and_keeps_nan) {
  EXPECT_EQ(static_cast<float>(BFloat16(1.00390625F)), 1.0F);       // tie to even
  EXPECT_EQ(static_cast<float>(BFloat16(1.01171875F)), 1.015625F);  // tie to even, upwards
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_TRUE(std::isinf(static_cast<float>(BFloat16(std::numeric_limits<float>::max()))));
}

TEST(Tensor, slices_and_reshapes_share_storage) {
  Pool pool(Device::cpu);
  Tensor tensor(pool, Category::weights, DType::f32, {3, 4});
  from_doubles(tensor, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  const Tensor middle = tensor.slice(1, 3);
  EXPECT_EQ(middle.shape(), (Shape{2, 4}));
  EXPECT_EQ(middle.data<float>()[0], 4.0F);
  EXPECT_EQ(tensor.reshape({2, 6}).data<float>()[6], 6.0F);
  EXPECT_THROW(tensor.reshape({5}), InternalError);
  EXPECT_THROW(tensor.data<double>(), InternalError);
}

TEST(Tensor, converts_between_dtypes) {
  Pool pool(Device::cpu);
  Tensor half(pool, Category::weights, DType::f16, {4});
  const std::uint16_t bits[] = {0x3c00, 0xc000, 0x0001, 0x7bff};  // 1, -2, smallest subnormal, 65504
  std::copy(std::begin(bits), std::end(bits), static_cast<std::uint16_t*>(half.raw()));
  EXPECT_EQ(to_doubles(half), (std::vector<double>{1, -2, 0x1p-24, 65504}));
  const Tensor narrow = cast(pool, Category::workspace, half, DType::bf16);
  EXPECT_EQ(to_doubles(narrow)[1], -2.0);
}

struct Kernel {
  int (*run)(int);
};

TEST(KernelSlot, exchanges_one_kernel) {
  KernelSlot<Kernel> slot("twice");
  slot.add(Device::cpu, {.run = [](int x) { return 2 * x; }});
  const auto before = slot.exchange(
      Device::cpu, &Kernel::run, +[](int x) { return 3 * x; });
  EXPECT_EQ(before(5), 10);
  EXPECT_EQ(slot.find(Device::cpu)->run(5), 15);
}

struct NoKernels {
  void (*run)();
};

TEST(KernelSlot, says_what_is_missing) {
  KernelSlot<NoKernels> slot("nothing");
  EXPECT_EQ(slot.find(Device::meta), nullptr);
  try {
    slot.find(Device::cuda);
    FAIL();
  } catch (const DeviceError& error) {
    EXPECT_STREQ(error.what(), "nothing: this build has no cuda kernel");
  }
}

}  // namespace
}  // namespace eft
