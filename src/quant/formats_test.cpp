#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "quant/e2m1_blocks.h"
#include "quant/fp8.h"
#include "quant/integer_rows.h"
#include "quant/small_floats.h"
#include "tensor/safetensors.h"
#include "tensor/unpacked.h"

namespace eft {
namespace {

const Safetensors& golden() {
  static const Safetensors file("tests/golden/data/quant/number_formats.safetensors");
  return file;
}

std::vector<double> values_of(const PackedTensor& packed) {
  Pool pool(Device::cpu);
  return to_doubles(unpacked(packed, DType::f64, pool, Category::workspace));
}

std::vector<double> expected(const std::string& name) { return to_doubles(golden().tensor(name)); }

std::vector<std::uint8_t> bytes_of(const Tensor& tensor) {
  const auto* const data = static_cast<const std::uint8_t*>(tensor.raw());
  return {data, data + tensor.bytes()};
}

PackedTensor stored(const PackedFormat& format, const std::string& name, const Shape& shape, std::int64_t run) {
  PackedTensor packed{.format = &format, .dtype = DType::f32, .shape = shape};
  packed.codes = golden().tensor(name + ".codes");
  packed.scales = golden().tensor(name + ".scales");
  packed.block = {1, run};
  return packed;
}

TEST(NumberFormats, e4m3_is_that_of_torch) {
  const Tensor values = golden().tensor("e4m3.values"), wide = golden().tensor("e4m3.wide");
  for (std::size_t i = 0; i < 256; ++i) {
    const float ours = kE4m3Values[i], theirs = values.data<float>()[i];
    EXPECT_TRUE(ours == theirs || (std::isnan(ours) && std::isnan(theirs))) << i;
    EXPECT_EQ(std::signbit(ours), std::signbit(theirs)) << i;
  }
  const std::vector<std::uint8_t> codes = bytes_of(golden().tensor("e4m3.codes"));
  for (std::size_t i = 0; i < codes.size(); ++i)
    EXPECT_EQ(e4m3_code(wide.data<float>()[i]), codes[i]) << wide.data<float>()[i];
}

TEST(NumberFormats, fp8_blocks_are_those_of_transformers) {
  const Shape shape{128, 128};
  PackedTensor packed = stored(fp8, "fp8", shape, 128);
  packed.block = {128, 128};
  EXPECT_EQ(values_of(packed), expected("fp8.values"));
  Pool pool(Device::cpu);
  const PackedTensor ours = pack(golden().tensor("fp8.weight"), {&fp8, false}, DType::f32, pool, Category::weights);
  EXPECT_EQ(bytes_of(ours.codes), bytes_of(packed.codes));
  EXPECT_EQ(bytes_of(ours.scales), bytes_of(packed.scales));
}

/// Scales of blocks that the edges cut, for a weight of two groups.
TEST(NumberFormats, fp8_blocks_end_with_their_group) {
  Pool pool(Device::cpu);
  PackedTensor packed{.format = &fp8, .dtype = DType::f32, .shape = {2, 3, 5}};
  packed.block = {2, 4};
  packed.codes = Tensor(pool, Category::weights, DType::u8, packed.shape);
  packed.scales = Tensor(pool, Category::weights, DType::f32, fp8_scales(packed.shape, packed.block));
  ASSERT_EQ(packed.scales.shape(), (Shape{2, 2, 2}));
  std::fill_n(static_cast<std::uint8_t*>(packed.codes.raw()), 30, std::uint8_t{0x38});  // 1
  for (int i = 0; i < 8; ++i) packed.scales.data<float>()[i] = static_cast<float>(i);
  EXPECT_EQ(values_of(packed), (std::vector<double>{0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 2, 2, 2, 3,
                                                    4, 4, 4, 4, 5, 4, 4, 4, 4, 5, 6, 6, 6, 6, 7}));
}

TEST(NumberFormats, mxfp4_is_that_of_transformers) {
  EXPECT_EQ(values_of(stored(mxfp4, "mxfp4", {2, 3, 64}, kMxRun)), expected("mxfp4.values"));
}

TEST(NumberFormats, nvfp4_joins_its_scales_first) {
  PackedTensor packed = stored(nvfp4, "nvfp4", {4, 32}, kNvRun);
  packed.outer_scales = golden().tensor("nvfp4.outer");
  EXPECT_EQ(values_of(packed), expected("nvfp4.values"));
  Pool pool(Device::cpu);
  Tensor inverse(pool, Category::weights, DType::f32, {2});
  for (int i = 0; i < 2; ++i) inverse.data<float>()[i] = 1 / packed.outer_scales.data<float>()[i];
  packed.outer_scales = inverse;
  packed.format = &nvfp4_divided;
  EXPECT_EQ(values_of(packed), expected("nvfp4.divided"));
}

TEST(NumberFormats, integers_are_those_of_transformers) {
  EXPECT_EQ(values_of(stored(integer8, "int8", {3, 20}, 20)), expected("int8.values"));
  EXPECT_EQ(values_of(stored(integer4, "int4", {3, 20}, 20)), expected("int4.values"));
  EXPECT_EQ(values_of(stored(integer2, "int2", {3, 20}, 20)), expected("int2.values"));
  EXPECT_EQ(values_of(stored(integer4, "table", {4, 16}, 8)), expected("table.values"));
}

/// Packing values that a format holds exactly gives them back, and others not far off.
TEST(NumberFormats, packs_near_what_it_unpacks) {
  Pool pool(Device::cpu);
  Tensor weight(pool, Category::workspace, DType::f32, {3, 64});
  std::vector<double> values(192);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(0.7 * static_cast<double>(i)) * 0.05;
  from_doubles(weight, values);
  for (const PackedFormat* format : {&mxfp4, &nvfp4, &fp8}) {
    const PackedTensor packed = pack(weight, {format, false}, DType::f32, pool, Category::weights);
    const std::vector<double> back = values_of(packed);
    for (std::size_t i = 0; i < back.size(); ++i) {
      EXPECT_NEAR(back[i], values[i], (format == &fp8 ? 0.04 : 0.2) * 0.05) << format->name << " " << i;
    }
    Tensor again(pool, Category::workspace, DType::f32, weight.shape());
    from_doubles(again, back);
    EXPECT_EQ(values_of(pack(again, {format, false}, DType::f32, pool, Category::weights)), back) << format->name;
  }
  Tensor odd(pool, Category::workspace, DType::f32, {2, 20});
  zero(odd);
  EXPECT_THROW(pack(odd, {&mxfp4, false}, DType::f32, pool, Category::weights), DataError);
}

}  // namespace
}  // namespace eft
