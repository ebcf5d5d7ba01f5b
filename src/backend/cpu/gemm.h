#pragma once

#include <cstdint>

#include "tensor/weight_view.h"

namespace eft::cpu {

/// C[m, n] = op(A)[m, k] · op(B)[k, n], or C += … when `accumulate`. op transposes: A is stored [k, m] when
/// transpose_a, B is stored [n, k] when transpose_b.
struct GemmShape {
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  bool transpose_a = false;
  bool transpose_b = false;
  bool accumulate = false;
};

/// Dense row-major product with all threads: everything f64, or each of A, B and C f32 or bf16. Sums are kept in f32
/// (f64 for f64). B may be held as codes, whose values are multiplied. Throws InternalError for other combinations.
void gemm(const GemmShape& shape, ConstView a, const WeightView& b, View c);

/// A product to add to another: A[m, k]·op(B)[k, n], op as the other's.
struct GemmTerm {
  ConstView a;
  WeightView b;
  std::int64_t k;
};

/// gemm() plus `more`: C is rounded once, after all sums. In one pass over C where the operands are packed; A is not
/// transposed.
void gemm(const GemmShape& shape, ConstView a, const WeightView& b, const GemmTerm& more, View c);

/// A strided block: `data` is the first element, `stride` the distance between rows.
template <class T>
struct Block {
  T* data;
  std::int64_t stride;
};

/// C = alpha·op(A)·op(B) + beta·C on strided blocks, for use inside kernels that are already parallel.
void gemm_block(const GemmShape& shape, float alpha, Block<const float> a, Block<const float> b, float beta,
                Block<float> c);
void gemm_block(const GemmShape& shape, double alpha, Block<const double> a, Block<const double> b, double beta,
                Block<double> c);

/// Which path bf16 products take on this processor, for the report at the start of a run.
const char* gemm_kernel_name(DType dtype);

}  // namespace eft::cpu
