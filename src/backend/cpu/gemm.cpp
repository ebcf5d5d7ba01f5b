#include "backend/cpu/gemm.h"

#include <dnnl.h>

#include "backend/cpu/gemm_bf16.h"
#include "backend/cpu/gemm_few_rows.h"
#include "backend/cpu/gemm_packed.h"
#include "backend/cpu/gemm_sum.h"
#include "backend/cpu/unpacked.h"
#include "base/parallel.h"

namespace eft::cpu {
namespace {

constexpr std::int64_t kRowsPerTask = 16;

void check(bool ok, const GemmShape& shape) {
  if (!ok) throw InternalError(fmt::format("gemm {}x{}x{} refused by oneDNN", shape.m, shape.n, shape.k));
}

void sgemm(const GemmShape& s, float alpha, Block<const float> a, Block<const float> b, float beta, Block<float> c) {
  check(dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, alpha, a.data, a.stride, b.data,
                   b.stride, beta, c.data, c.stride) == dnnl_success,
        s);
}

/// Rows [begin, end) of C in double precision; B is walked along rows so that the inner loop vectorises.
void dgemm_rows(const GemmShape& s, double alpha, Block<const double> a, Block<const double> b, double beta,
                Block<double> c, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    double* row = c.data + i * c.stride;
    for (std::int64_t j = 0; j < s.n; ++j) row[j] = beta == 0 ? 0 : row[j] * beta;
    for (std::int64_t l = 0; l < s.k; ++l) {
      const double x = alpha * (s.transpose_a ? a.data[l * a.stride + i] : a.data[i * a.stride + l]);
      const double* column = s.transpose_b ? b.data + l : b.data + l * b.stride;
      const std::int64_t step = s.transpose_b ? b.stride : 1;
      for (std::int64_t j = 0; j < s.n; ++j) row[j] += x * column[j * step];
    }
  }
}

bool is_float(DType dtype) { return dtype == DType::f32 || dtype == DType::bf16; }

bool has_few_rows(const GemmShape& shape) { return shape.m <= kFewRows && !shape.transpose_a && shape.transpose_b; }

/// Whether processor and dtypes are such that oneDNN multiplies bf16.
bool is_native(ConstView a, const WeightView& b) {
  return has_native_bf16() && a.dtype == DType::bf16 && b.dtype == DType::bf16;
}

/// Whether tiles of the operands are copied and multiplied in f32; others are left to oneDNN, or have their own kernel.
bool is_tiled(const GemmShape& shape, ConstView a, const WeightView& b, View c) {
  if (!is_float(a.dtype) || !is_float(b.dtype) || !is_float(c.dtype) || has_few_rows(shape)) return false;
  if (!b.packed && a.dtype == DType::f32 && b.dtype == DType::f32 && c.dtype == DType::f32) return false;
  return !is_native(a, b);
}

}  // namespace

void gemm_block(const GemmShape& shape, float alpha, Block<const float> a, Block<const float> b, float beta,
                Block<float> c) {
  sgemm(shape, alpha, a, b, beta, c);
}

void gemm_block(const GemmShape& shape, double alpha, Block<const double> a, Block<const double> b, double beta,
                Block<double> c) {
  dgemm_rows(shape, alpha, a, b, beta, c, 0, shape.m);
}

void gemm(const GemmShape& shape, ConstView a, const WeightView& b, View c) {
  if (shape.m == 0 || shape.n == 0) return;
  const std::int64_t lda = shape.transpose_a ? shape.m : shape.k;
  const std::int64_t ldb = shape.transpose_b ? shape.k : shape.n;
  if (is_tiled(shape, a, b, c)) {
    const GemmTerm all{a, b, shape.k};
    gemm_packed(shape, std::span(&all, 1), c);
  } else if (has_few_rows(shape) && is_float(a.dtype) && is_float(b.dtype) && is_float(c.dtype)) {
    gemm_few_rows(shape, a, b, c);
  } else if (b.packed) {
    gemm(shape, a, Unpacked(b, a.dtype).view(), c);
  } else if (a.dtype == DType::f32 && b.dtype == DType::f32 && c.dtype == DType::f32) {
    sgemm(shape, 1.0F, {a.as<float>(), lda}, {b.data.as<float>(), ldb}, shape.accumulate ? 1.0F : 0.0F,
          {c.as<float>(), shape.n});
  } else if (a.dtype == DType::f64 && b.dtype == DType::f64 && c.dtype == DType::f64) {
    parallel_for(shape.m, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      dgemm_rows(shape, 1.0, {a.as<double>(), lda}, {b.data.as<double>(), ldb}, shape.accumulate ? 1.0 : 0.0,
                 {c.as<double>(), shape.n}, begin, end);
    });
  } else if (is_float(a.dtype) && is_float(b.dtype) && is_float(c.dtype)) {
    gemm_bf16_native(shape, a, b.dense(), c);
  } else {
    throw InternalError(fmt::format("gemm of {} and {} into {}", name_of(a.dtype), name_of(b.dtype), name_of(c.dtype)));
  }
}

void gemm(const GemmShape& shape, ConstView a, const WeightView& b, const GemmTerm& more, View c) {
  if (shape.m == 0 || shape.n == 0) return;
  expect(!shape.transpose_a, "A as it is");
  GemmShape second = shape;
  second.k = more.k;
  second.accumulate = true;
  if (is_tiled(shape, a, b, c) && is_tiled(second, more.a, more.b, c)) {
    const GemmTerm both[] = {{a, b, shape.k}, more};
    return gemm_packed(shape, both, c);
  }
  if (c.dtype == DType::bf16) return gemm_sum(shape, {a, b, shape.k}, more, c);
  gemm(shape, a, b, c);
  gemm(second, more.a, more.b, c);
}

const char* gemm_kernel_name(DType dtype) {
  if (dtype == DType::f64) return "own f64";
  if (dtype == DType::f32) return "oneDNN f32";
  return has_native_bf16() ? "oneDNN bf16" : "own f32 of packed tiles, bf16 widened";
}

}  // namespace eft::cpu
