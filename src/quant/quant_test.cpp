#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "quant/bnb_4bit.h"
#include "quant/int8_rows.h"
#include "tensor/safetensors.h"
#include "tensor/unpacked.h"

namespace eft {
namespace {

const Safetensors& golden() {
  static const Safetensors file("tests/golden/data/quant/bitsandbytes.safetensors");
  return file;
}

std::vector<std::uint8_t> bytes_of(const Tensor& tensor) {
  const auto* const data = static_cast<const std::uint8_t*>(tensor.raw());
  return {data, data + tensor.bytes()};
}

/// What bitsandbytes made, as it stands in its files.
PackedTensor stored(const PackedFormat& format, const std::string& name) {
  const Tensor weight = golden().tensor(name + ".weight");
  PackedTensor packed{.format = &format, .dtype = weight.dtype(), .shape = weight.shape()};
  packed.codes = golden().tensor(name + ".codes");
  packed.scales = golden().tensor(name + ".scales");
  packed.block = {1, &format == &int8_rows ? weight.shape().columns() : kBnbBlock};
  if (golden().contains(name + ".outer")) {
    packed.outer_scales = golden().tensor(name + ".outer");
    packed.book = golden().tensor(name + ".book");
    packed.offset = golden().tensor(name + ".offset").data<float>()[0];
  }
  return packed;
}

std::vector<double> values_of(const PackedTensor& packed) {
  Pool pool(Device::cpu);
  return to_doubles(unpacked(packed, DType::f64, pool, Category::workspace));
}

struct Case {
  const PackedFormat& format;
  const char* name;
};

class Bitsandbytes : public testing::TestWithParam<Case> {};

TEST_P(Bitsandbytes, unpacks_to_the_same_bits) {
  const auto [format, name] = GetParam();
  EXPECT_EQ(values_of(stored(format, name)), to_doubles(golden().tensor(std::string(name) + ".values")));
}

TEST_P(Bitsandbytes, packs_to_the_same_codes) {
  const auto [format, name] = GetParam();
  const PackedTensor theirs = stored(format, name);
  Pool pool(Device::cpu), meta(Device::meta);
  const Storage storage{&format, static_cast<bool>(theirs.book)};
  const Tensor weight = golden().tensor(std::string(name) + ".weight");
  const PackedTensor ours = pack(weight, storage, theirs.dtype, pool, Category::weights);
  if (&format != &fp4) {  // either of fp4's two zeros
    EXPECT_EQ(bytes_of(ours.codes), bytes_of(theirs.codes));
  }
  EXPECT_EQ(pack(weight, storage, theirs.dtype, meta, Category::weights).bytes(), ours.bytes());
  EXPECT_EQ(pool.live().total, meta.live().total) << "planned as it is";
  if (!theirs.book) {
    EXPECT_EQ(bytes_of(ours.scales), bytes_of(theirs.scales));
    EXPECT_EQ(values_of(ours), values_of(theirs));
    return;
  }
  // The library looks up scales on a grid on the host, and its mean has another order of summation: one step apart.
  EXPECT_EQ(bytes_of(ours.book), bytes_of(theirs.book));
  EXPECT_NEAR(ours.offset, theirs.offset, 1e-6F * theirs.offset);
  const auto a = bytes_of(ours.scales), b = bytes_of(theirs.scales);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_LE(std::abs(a[i] - b[i]), 1) << i;
}

INSTANTIATE_TEST_SUITE_P(Cases, Bitsandbytes,
                         testing::Values(Case{nf4, "nf4.plain"}, Case{nf4, "nf4.odd"}, Case{nf4, "nf4.nested"},
                                         Case{fp4, "fp4.plain"}, Case{fp4, "fp4.odd"}, Case{fp4, "fp4.nested"},
                                         Case{int8_rows, "int8.rows"}, Case{int8_rows, "int8.odd"}),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

TEST(Quant, code_books_are_those_of_the_files) {
  for (const auto& [format, name] : {Case{nf4, "nf4.plain"}, Case{fp4, "fp4.plain"}}) {
    const Tensor book = golden().tensor(std::string(name) + ".code_book");
    for (std::size_t i = 0; i < 16; ++i) EXPECT_EQ(code_book(format)[i], book.data<float>()[i]) << name << " " << i;
  }
}

/// Any part of a row comes out as in the whole, wherever blocks and bytes begin.
TEST(Quant, a_part_of_a_row_has_the_values_of_the_whole) {
  for (const char* name : {"nf4.odd", "nf4.nested"}) {
    const PackedTensor packed = stored(nf4, name);
    const std::int64_t columns = packed.shape.columns();
    const std::vector<double> all = values_of(packed);
    std::vector<float> part(static_cast<std::size_t>(columns));
    for (std::int64_t row = 1; row < 4; ++row) {
      for (std::int64_t from = 0; from < columns; from += 5) {
        for (const std::int64_t count : {std::int64_t{1}, std::int64_t{2}, columns - from}) {
          if (from + count > columns) continue;
          unpack(WeightView(packed).rows(row, 1), 0, from, count, part.data());
          for (std::int64_t i = 0; i < count; ++i) {
            ASSERT_EQ(part[static_cast<std::size_t>(i)], all[static_cast<std::size_t>(row * columns + from + i)]);
          }
        }
      }
    }
  }
}

TEST(Quant, halfway_between_two_codes_the_lower_is_taken) {
  Pool pool(Device::cpu);
  const auto& book = code_book(nf4);
  Tensor values(pool, Category::workspace, DType::f32, {1, 32});
  std::vector<double> x(32, 1.0);
  for (std::size_t i = 0; i < 15; ++i) {
    const float middle = (book[i] + book[i + 1]) / 2;
    x[2 * i] = middle;
    x[2 * i + 1] = std::nextafter(middle, 2.0F);
  }
  from_doubles(values, x);
  const auto codes = bytes_of(pack(values, {&nf4, false}, DType::f32, pool, Category::weights).codes);
  for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(codes[i], i << 4 | (i + 1));
}

TEST(Quant, refuses_what_a_format_cannot_hold) {
  Pool pool(Device::cpu);
  Tensor values(pool, Category::workspace, DType::f32, {2, 3});
  from_doubles(values, {1, 2, 3, 4, 5, std::numeric_limits<double>::quiet_NaN()});
  EXPECT_THROW(pack(values, {&nf4, true}, DType::f32, pool, Category::weights), DataError);
  EXPECT_THROW(pack(values, {&int8_rows, false}, DType::f32, pool, Category::weights), DataError);
  from_doubles(values, {1, 2, 3, 4, 5, 70000});
  EXPECT_NO_THROW(pack(values, {&nf4, true}, DType::f32, pool, Category::weights));
  EXPECT_THROW(pack(values, {&int8_rows, false}, DType::f32, pool, Category::weights), DataError);
}

}  // namespace
}  // namespace eft
