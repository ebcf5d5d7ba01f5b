#include "backend/cpu/gemm.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cmath>

#include "backend/cpu/gemm_bf16.h"
#include "backend/cpu/gemm_sum.h"
#include "base/random.h"

namespace eft::cpu {
namespace {

Tensor random_matrix(Pool& pool, DType dtype, std::int64_t rows, std::int64_t columns, Random& random) {
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  for (double& value : values) value = random.normal();
  Tensor matrix(pool, Category::workspace, dtype, {rows, columns});
  from_doubles(matrix, values);
  return matrix;
}

using Product = void (*)(const GemmShape&, ConstView a, const WeightView& b, View c);

/// Worst element of `product` against a triple loop, relative to the largest element.
double worst_error(const GemmShape& s, DType a_type, DType b_type, DType c_type, Product product = gemm) {
  Pool pool(Device::cpu);
  Random random(static_cast<std::uint64_t>(s.m * 31 + s.n * 7 + s.k));
  const Tensor a = random_matrix(pool, a_type, s.transpose_a ? s.k : s.m, s.transpose_a ? s.m : s.k, random);
  const Tensor b = random_matrix(pool, b_type, s.transpose_b ? s.n : s.k, s.transpose_b ? s.k : s.n, random);
  Tensor c = random_matrix(pool, c_type, s.m, s.n, random);
  const auto av = to_doubles(a);
  const auto bv = to_doubles(b);
  auto wanted = to_doubles(c);
  double largest = 0;
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.n; ++j) {
      double sum = s.accumulate ? wanted[static_cast<std::size_t>(i * s.n + j)] : 0;
      for (std::int64_t l = 0; l < s.k; ++l) {
        sum += av[static_cast<std::size_t>(s.transpose_a ? l * s.m + i : i * s.k + l)] *
               bv[static_cast<std::size_t>(s.transpose_b ? j * s.k + l : l * s.n + j)];
      }
      wanted[static_cast<std::size_t>(i * s.n + j)] = sum;
      largest = std::max(largest, std::abs(sum));
    }
  }
  product(s, a.view(), b.view(), c.view());
  const auto got = to_doubles(c);
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::abs(got[i] - wanted[i]));
  return worst / largest;
}

TEST(Gemm, equals_a_triple_loop_in_every_layout_and_dtype) {
  struct Types {
    DType a, b, c;
    double bound;
  };
  const Types types[] = {{DType::f64, DType::f64, DType::f64, 1e-14},  {DType::f32, DType::f32, DType::f32, 1e-6},
                         {DType::bf16, DType::bf16, DType::f32, 1e-6}, {DType::bf16, DType::bf16, DType::bf16, 6e-3},
                         {DType::f32, DType::bf16, DType::f32, 1e-6},  {DType::f32, DType::bf16, DType::bf16, 6e-3}};
  for (const Types& type : types) {
    for (int flags = 0; flags < 8; ++flags) {
      const GemmShape shape{13, 21, 35, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
      EXPECT_LE(worst_error(shape, type.a, type.b, type.c), type.bound)
          << name_of(type.a) << name_of(type.b) << name_of(type.c) << " flags " << flags;
    }
  }
}

TEST(Gemm, crosses_the_borders_of_tiles) {
  EXPECT_LE(worst_error({9, 5, 9001, false, true, false}, DType::bf16, DType::bf16, DType::f32), 1e-6);
  EXPECT_LE(worst_error({1100, 3, 7, true, false, true}, DType::bf16, DType::bf16, DType::bf16), 6e-3);
  EXPECT_LE(worst_error({2, 1700, 410, false, false, false}, DType::f32, DType::bf16, DType::f32), 1e-6);
  for (int flags = 0; flags < 8; ++flags) {
    const bool a = (flags & 1) != 0, b = (flags & 2) != 0, accumulate = (flags & 4) != 0;
    EXPECT_LE(worst_error({29, 147, 677, a, b, accumulate}, DType::bf16, DType::bf16, DType::bf16), 6e-3) << flags;
    EXPECT_LE(worst_error({523, 33, 65, a, b, accumulate}, DType::f32, DType::bf16, DType::f32), 1e-6) << flags;
  }
}

/// The kernels of every instruction set that this processor has, not the best alone.
TEST(GemmPacked, equals_a_triple_loop_on_every_target) {
  for (const std::int64_t target : {HWY_AVX3, HWY_AVX2, HWY_SCALAR}) {
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().DeInit();
    if ((hwy::SupportedTargets() & target) == 0) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    for (int flags = 0; flags < 8; ++flags) {
      const GemmShape shape{21, 101, 350, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
      EXPECT_LE(worst_error(shape, DType::bf16, DType::bf16, DType::bf16), 6e-3) << hwy::TargetName(target) << flags;
      EXPECT_LE(worst_error(shape, DType::f32, DType::bf16, DType::f32), 1e-6) << hwy::TargetName(target) << flags;
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

void in_one(const GemmShape& s, const GemmTerm& one, const GemmTerm& other, View c) { gemm(s, one.a, one.b, other, c); }

/// `sum` of two products against the two one after the other in f64.
template <class Sum>
double error_of_sum(const Sum& sum, const GemmShape& s, std::int64_t more_k, DType a_type, DType b_type, DType c_type) {
  Pool pool(Device::cpu);
  Random random(static_cast<std::uint64_t>(s.m + s.k));
  const auto b_shape = [&](std::int64_t k) { return std::pair(s.transpose_b ? s.n : k, s.transpose_b ? k : s.n); };
  const Tensor a = random_matrix(pool, a_type, s.m, s.k, random), x = random_matrix(pool, a_type, s.m, more_k, random);
  const Tensor b = random_matrix(pool, b_type, b_shape(s.k).first, b_shape(s.k).second, random);
  const Tensor y = random_matrix(pool, DType::f32, b_shape(more_k).first, b_shape(more_k).second, random);
  Tensor c = random_matrix(pool, c_type, s.m, s.n, random);
  Tensor wanted(pool, Category::workspace, DType::f64, {s.m, s.n});
  convert(c, wanted);
  const auto wide = [&](const Tensor& t) { return cast(pool, Category::workspace, t, DType::f64); };
  gemm(s, wide(a).view(), wide(b).view(), wanted.view());
  gemm({s.m, s.n, more_k, false, s.transpose_b, true}, wide(x).view(), wide(y).view(), wanted.view());
  sum(s, {a.view(), b.view(), s.k}, {x.view(), y.view(), more_k}, c.view());
  const auto got = to_doubles(c), truth = to_doubles(wanted);
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    worst = std::max(worst, std::abs(got[i] - truth[i]));
    largest = std::max(largest, std::abs(truth[i]));
  }
  return worst / largest;
}

TEST(Gemm, adds_a_second_product) {
  for (const bool transposed : {false, true}) {
    for (const bool accumulate : {false, true}) {
      for (const auto& [k, more_k] : {std::pair(640, 16), {35, 3}, {352, 33}, {321, 400}}) {
        const GemmShape shape{19, 70, k, false, transposed, accumulate};
        EXPECT_LE(error_of_sum(in_one, shape, more_k, DType::bf16, DType::bf16, DType::bf16), 4e-3) << k;
        EXPECT_LE(error_of_sum(in_one, shape, more_k, DType::bf16, DType::bf16, DType::f32), 1e-6) << k;
        EXPECT_LE(error_of_sum(in_one, shape, more_k, DType::f32, DType::f32, DType::f32), 1e-6) << k;
        // Few rows have a kernel of their own.
        const GemmShape few{3, 70, k, false, transposed, accumulate};
        EXPECT_LE(error_of_sum(in_one, few, more_k, DType::bf16, DType::bf16, DType::bf16), 4e-3) << k;
      }
    }
  }
}

/// What gemm() does on processors that leave bf16 to oneDNN, on any: the result is rounded once there too.
TEST(GemmSum, rounds_once_and_crosses_the_borders_of_blocks) {
  for (const std::int64_t elements : {std::int64_t{1}, std::int64_t{5 * 70}, kSumElements}) {
    const auto one_after_the_other = [&](const GemmShape& s, const GemmTerm& one, const GemmTerm& other, View c) {
      gemm_sum(s, one, other, c, elements);
    };
    for (int flags = 0; flags < 4; ++flags) {
      const GemmShape shape{19, 70, 352, false, (flags & 1) != 0, (flags & 2) != 0};
      EXPECT_LE(error_of_sum(one_after_the_other, shape, 33, DType::bf16, DType::bf16, DType::bf16), 4e-3) << flags;
      EXPECT_LE(error_of_sum(one_after_the_other, shape, 400, DType::f32, DType::bf16, DType::bf16), 4e-3) << flags;
    }
  }
}

TEST(Gemm, of_few_rows_equals_a_triple_loop) {
  for (const std::int64_t m : {1, 2, 7, 8}) {
    for (const bool accumulate : {false, true}) {
      for (const GemmShape& shape :
           {GemmShape{m, 7, 83, false, true, accumulate}, {m, 1003, 517, false, true, accumulate}}) {
        EXPECT_LE(worst_error(shape, DType::f32, DType::f32, DType::f32), 1e-6);
        EXPECT_LE(worst_error(shape, DType::bf16, DType::bf16, DType::f32), 1e-6);
        EXPECT_LE(worst_error(shape, DType::f32, DType::bf16, DType::f32), 1e-6);
        EXPECT_LE(worst_error(shape, DType::bf16, DType::f32, DType::bf16), 6e-3);
      }
    }
  }
}

/// Elsewhere oneDNN has no products of bf16, and gemm() never asks for them.
/// The native product, of a dense B.
void native_product(const GemmShape& shape, ConstView a, const WeightView& b, View c) {
  gemm_bf16_native(shape, a, b.dense(), c);
}

TEST(GemmBf16, equals_a_triple_loop_where_onednn_has_it) {
  if ((hwy::SupportedTargets() & HWY_AVX3) == 0) GTEST_SKIP() << "oneDNN multiplies bf16 from AVX-512 on";
  for (int flags = 0; flags < 8; ++flags) {
    const GemmShape shape{21, 101, 350, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
    EXPECT_LE(worst_error(shape, DType::bf16, DType::bf16, DType::bf16, native_product), 6e-3) << flags;
    EXPECT_LE(worst_error(shape, DType::bf16, DType::bf16, DType::f32, native_product), 1e-6) << flags;
  }
}

TEST(GemmBlock, multiplies_strided_blocks) {
  const double a[] = {1, 2, 9, 3, 4, 9};  // [2, 2] with stride 3
  const double b[] = {5, 6, 7, 8};
  double c[] = {1, 1, 1, 1};
  gemm_block({2, 2, 2}, 2.0, {a, 3}, {b, 2}, 1.0, {c, 2});
  EXPECT_EQ(c[0], 1 + 2 * (1 * 5 + 2 * 7));
  EXPECT_EQ(c[3], 1 + 2 * (3 * 6 + 4 * 8));
}

}  // namespace
}  // namespace eft::cpu
