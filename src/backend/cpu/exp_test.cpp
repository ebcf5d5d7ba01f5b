#include <hwy/highway.h>

#include "backend/cpu/exp-inl.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace eft {
namespace HWY_NAMESPACE {
namespace {

using Cap = hn::CappedTag<float, 1>;
float exp_at(float x) { return hn::GetLane(exp_or_none(Cap(), hn::Set(Cap(), x))); }
float tanh_at(float x) { return hn::GetLane(tanh_of(Cap(), hn::Set(Cap(), x))); }

double relative_error(double got, double expected) { return std::abs(got - expected) / std::abs(expected); }

TEST(Exp, follows_the_library_over_its_range) {
  double largest = 0;
  for (float x = static_cast<float>(kLeastExponent); x < 80; x += 0.00137F) {
    largest = std::max(largest, relative_error(exp_at(x), std::exp(static_cast<double>(x))));
  }
  EXPECT_LT(largest, 1.5e-7);
  EXPECT_EQ(exp_at(0), 1);
}

TEST(Exp, is_nothing_far_below_and_keeps_nan) {
  EXPECT_EQ(exp_at(-69.01F), 0);
  EXPECT_EQ(exp_at(-1e30F), 0);
  EXPECT_EQ(exp_at(-std::numeric_limits<float>::infinity()), 0);
  EXPECT_TRUE(std::isnan(exp_at(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Tanh, follows_the_library_near_zero_and_far_away) {
  double largest = 0;
  for (float x = 1e-30F; x < 12; x *= 1.0013F) {
    largest = std::max(largest, relative_error(tanh_at(x), std::tanh(static_cast<double>(x))));
    EXPECT_EQ(tanh_at(-x), -tanh_at(x));
  }
  EXPECT_LT(largest, 3e-7);
  EXPECT_EQ(tanh_at(0), 0);
  EXPECT_EQ(tanh_at(1e30F), 1);
  EXPECT_EQ(tanh_at(-std::numeric_limits<float>::infinity()), -1);
  EXPECT_TRUE(std::isnan(tanh_at(std::numeric_limits<float>::quiet_NaN())));
  const hn::CappedTag<double, 1> wide;
  EXPECT_TRUE(std::isnan(hn::GetLane(tanh_of(wide, hn::Set(wide, std::numeric_limits<double>::quiet_NaN())))));
  EXPECT_TRUE(std::isnan(hn::GetLane(exp_or_none(wide, hn::Set(wide, std::numeric_limits<double>::quiet_NaN())))));
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace eft
HWY_AFTER_NAMESPACE();
