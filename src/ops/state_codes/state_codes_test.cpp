#include "ops/state_codes/state_codes.h"

#include <gtest/gtest.h>

namespace eft {
namespace {

constexpr CodeRounding kLibraries[] = {CodeRounding::bitsandbytes, CodeRounding::torchao};

// The numbers of both libraries' create_dynamic_map.
TEST(StateCodes, have_the_values_of_the_dynamic_map) {
  const auto& both = StateCodes::of(true, CodeRounding::torchao);
  EXPECT_EQ(both.value(0), -0.992968738079071F);
  EXPECT_EQ(both.value(127), 0.0F);
  EXPECT_EQ(both.value(128), 5.500000384017767e-07F);
  EXPECT_EQ(both.value(254), 0.992968738079071F);
  EXPECT_EQ(both.value(255), 1.0F);
  const auto& positive = StateCodes::of(false, CodeRounding::torchao);
  EXPECT_EQ(positive.value(0), 0.0F);
  EXPECT_EQ(positive.value(1), 3.2500003044333425e-07F);
  EXPECT_EQ(positive.value(2), 7.749999895168003e-07F);
  EXPECT_EQ(positive.value(254), 0.9964843988418579F);
}

TEST(StateCodes, round_to_the_nearer_value) {
  for (const CodeRounding library : kLibraries) {
    for (const bool both_signs : {false, true}) {
      const StateCodes& codes = StateCodes::of(both_signs, library);
      for (int code = 0; code + 1 < StateCodes::kCount; ++code) {
        const float low = codes.values()[static_cast<std::size_t>(code)];
        const float high = codes.values()[static_cast<std::size_t>(code) + 1];
        EXPECT_EQ(codes.code(low), code);
        EXPECT_EQ(codes.code(low + (high - low) * 0.499F), code) << low;
        const bool keeps_sign = library == CodeRounding::bitsandbytes && low < 0 && high == 0;
        const float above = keeps_sign ? 0.999F : 0.501F;
        EXPECT_EQ(codes.code(low + (high - low) * above), keeps_sign ? code : code + 1) << low;
      }
      EXPECT_EQ(codes.code(1.0F), 255);
      EXPECT_EQ(codes.code(2.0F), 255);
      EXPECT_EQ(codes.code(-2.0F), 0);
      EXPECT_EQ(codes.code(0.0F), both_signs ? 127 : 0);
    }
  }
}

}  // namespace
}  // namespace eft
